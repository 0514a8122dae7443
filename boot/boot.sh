# Kiln's boot script: unpacks the release volume and starts the program.
#
# It runs as root, once, as the user data of a new instance, after the assignments of KILN_* that the launch template
# puts before it. It is the same text on EC2, in a test VM and in the embedded cloud, where KILN_ROOT is the directory
# that stands for "/". It needs no network and no permission, and uses only the commands in boot/base-commands.json.
# Anything wrong: nothing is started, and the console says why.
set -u
umask 022
export LC_ALL=C

root=${KILN_ROOT:-}
kiln=$root/opt/kiln
block_bytes=524288

say() {
  echo "kiln: $1"
  # On EC2 the serial console is what GetConsoleOutput shows; not every base copies cloud-init's output there.
  if [[ -z $root && -w /dev/console ]]; then echo "kiln: $1" >/dev/console || true; fi
}

fatal() {
  say "fatal: $1"
  exit 1
}

# Only the bytes asked for leave this function, so the padding of the last block never reaches a digest or tar.
read_part() { # device, first block, bytes
  dd if="$1" bs=$block_bytes skip="$2" count=$((($3 + block_bytes - 1) / block_bytes)) status=none | head -c "$3"
}

sha256_of() { # of standard input
  local digest
  digest=$(sha256sum)
  echo "${digest%% *}"
}

# Device names promise nothing about order, so the volume is known by its content, and trusted only by the digest that
# the launch template carries. Devices may still be appearing while this runs.
find_volume() {
  local candidate digest strangers='' waited=0
  shopt -s nullglob
  while :; do
    for candidate in "$root"/dev/nvme*n1 "$root"/dev/xvd? "$root"/dev/sd? "$root"/dev/vd?; do
      [[ $(head -c 8 "$candidate" 2>/dev/null | tr -d '\0') == KILNVOL1 ]] || continue
      digest=$(read_part "$candidate" 0 $block_bytes | sha256_of)
      if [[ $digest == "$KILN_HEADER_SHA256" ]]; then
        device=$candidate
        return
      fi
      strangers+=" ${candidate#"$root"} ($digest)"
    done
    [[ -z $strangers ]] || fatal "expected the release volume with header $KILN_HEADER_SHA256, found$strangers"
    ((waited < ${KILN_WAIT_SECONDS:-60})) || fatal "no release volume after $waited s among $root/dev/{nvme*n1,xvd?,sd?,vd?}"
    sleep 1
    waited=$((waited + 1))
  done
}

unpack() { # kind, name, first block, bytes, sha256, directory
  local digest
  digest=$(read_part "$device" "$3" "$4" | sha256_of)
  [[ $digest == "$5" ]] || fatal "$1 $2 is damaged: expected SHA-256 $5, found $digest"
  mkdir -p "$6" || fatal "cannot create $6"
  read_part "$device" "$3" "$4" | tar -xz --no-same-owner --no-same-permissions -f - -C "$6" ||
    fatal "cannot unpack $1 $2 into $6"
}

# Everything is unpacked beside its place and moved there whole, so that a run that was cut short leaves nothing that
# looks finished, and a second run does not disturb a program that is already running.
install_release() {
  local key name first bytes digest staging=$kiln/.unpacking
  while read -r key name first bytes digest; do
    case $key in
      start) start=$(base64 -d <<<"$name") || fatal 'cannot read the start command' ;;
      layer) layers+=("$name") ;;
    esac
  done <<<"$header"
  [[ $(cat "$kiln/release" 2>/dev/null) != "$KILN_HEADER_SHA256" ]] || return 0

  rm -rf "$staging" "$kiln/layers" "$kiln/app" "$kiln/release"
  mkdir -p "$staging/layers" "$staging/app" || fatal "cannot create $staging"
  while read -r key name first bytes digest; do
    case $key in
      layer) unpack "$key" "$name" "$first" "$bytes" "$digest" "$staging/layers/$name" ;;
      artifact) unpack "$key" "$name" "$first" "$bytes" "$digest" "$staging/app" ;;
    esac
  done <<<"$header"
  # The program runs as a user that owns none of these files: it must be able to read them, and never to change them.
  chmod -R a+rX,u-s,g-s,go-w "$staging" || fatal "cannot set permissions in $staging"
  mv "$staging/layers" "$staging/app" "$kiln/" || fatal "cannot move the release into $kiln"
  rmdir "$staging"
  echo "$KILN_HEADER_SHA256" >"$kiln/release" || fatal "cannot write $kiln/release"
}

# systemd.syntax(7): inside double quotes a backslash escapes itself and the quote; % begins a specifier everywhere,
# $ a variable in commands only.
specifiers() { echo "${1//%/%%}"; }
quoted() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  echo "\"${text//%/%%}\""
}

# systemd.exec(5), EnvironmentFile=: inside double quotes a backslash escapes the four characters a shell would.
write_environment() {
  local line value
  while IFS= read -r line; do
    [[ -n $line ]] || continue
    value=${line#*=}
    value=${value//\\/\\\\}
    value=${value//\"/\\\"}
    value=${value//\`/\\\`}
    echo "${line%%=*}=\"${value//\$/\\\$}\""
  done < <(base64 -d <<<"${KILN_ENVIRONMENT:-}") >"$root/etc/kiln/environment" || fatal 'cannot write the environment'
  chmod 600 "$root/etc/kiln/environment"
}

search_path() {
  local layer path=''
  for layer in ${layers+"${layers[@]}"}; do
    if [[ -d $kiln/layers/$layer/bin ]]; then path+=$kiln/layers/$layer/bin:; else path+=$kiln/layers/$layer:; fi
  done
  echo "$path$root/usr/local/bin:$root/usr/bin:$root/bin"
}

# The program is bash's last command, so bash becomes it: signals reach the program itself.
# A program that ends is started again for ever; it is the load balancer that judges a program that cannot stay up.
# @pkey is for V8, which calls pkey_alloc. MemoryDenyWriteExecute is absent because a JIT needs what it denies.
write_unit() {
  local start_word
  start_word=$(quoted "$start")
  cat <<UNIT
[Unit]
Description=$KILN_SERVICE, release $KILN_GENERATION of stage $KILN_STAGE
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=$(quoted "$root/usr/bin/bash") -c ${start_word//\$/\$\$}
WorkingDirectory=$(specifiers "$kiln/app")
EnvironmentFile=$(specifiers "$root/etc/kiln/environment")
Environment=$(quoted "PATH=$(search_path)")
Environment=$(quoted "HOME=$root/var/lib/kiln")
Environment=PORT=$KILN_PORT KILN_STAGE=$KILN_STAGE KILN_SERVICE=$KILN_SERVICE KILN_GENERATION=$KILN_GENERATION
Restart=always
RestartSec=1
KillMode=mixed
TimeoutStopSec=$KILN_STOP_SECONDS
StandardOutput=journal+console
StandardError=inherit
SyslogIdentifier=$KILN_SERVICE
LimitNOFILE=65536
DynamicUser=yes
StateDirectory=kiln
RuntimeDirectory=kiln
ReadOnlyPaths=$(quoted "$kiln")
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service @pkey
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
UNIT
}

for name in KILN_STAGE KILN_SERVICE KILN_GENERATION KILN_PORT KILN_HEADER_SHA256 KILN_STOP_SECONDS; do
  [[ -n ${!name:-} ]] || fatal "$name is not set"
done
layers=()
find_volume
header=$(read_part "$device" 0 $block_bytes | tr -d '\0')
install_release
blockdev --setro "$device" || fatal "cannot make ${device#"$root"} read-only"

mkdir -p "$root/etc/kiln" "$root/etc/systemd/system" || fatal 'cannot create the configuration directories'
write_environment
write_unit >"$root/etc/systemd/system/kiln.service" || fatal 'cannot write the unit'
# --no-block: cloud-init runs inside a start job of its own, and waiting for another one here could wait for ever.
systemctl daemon-reload && systemctl enable --now --no-block kiln.service || fatal 'systemd refused kiln.service'
say "started $KILN_SERVICE, release $KILN_GENERATION, on port $KILN_PORT"
