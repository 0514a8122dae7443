import type { Recipe } from "./recipe.ts";

/** What an installing script prints before the list of packages. */
export const packagesMark = "kiln: packages";

/** KILN_ROOT is set only where an instance's "/" is a directory, as in the embedded cloud; see boot/boot.sh. */
const preamble = ["set -eu", "root=$" + "{KILN_ROOT:-}", "export KILN_ROOT=$root", 'cd "$root/"'];

/** The script that makes a builder into what the recipe describes, and prints which packages it then has. */
export function installScript({ packages, files, scripts }: Recipe): string {
  return [
    ...preamble,
    ...(packages.length > 0 ? installing(packages) : []),
    ...files.map(writing),
    ...scripts.map(running),
    // What belongs to this one instance must not be in an image of many.
    'rm -f "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub',
    'if [ -s "$root/etc/machine-id" ]; then : >"$root/etc/machine-id"; fi',
    "if command -v cloud-init >/dev/null 2>&1; then cloud-init clean --logs; fi",
    `echo '${packagesMark}'`,
    "if command -v rpm >/dev/null 2>&1; then rpm -qa; elif command -v dpkg-query >/dev/null 2>&1; then dpkg-query -W -f '$" +
      "{Package}-$" +
      "{Version}\\n'; fi",
  ].join("\n");
}

/** The script that says by its exit code whether an instance of the image is what the recipe wants. */
export function checkScript({ checks }: Recipe): string {
  return [...preamble, ...checks.map(running), "echo 'kiln: checked'"].join("\n");
}

/** The packages that an installing script has listed, in order. */
export function packagesIn(output: string): string[] {
  const [, list = ""] = output.split(`${packagesMark}\n`);
  return list
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

function installing(packages: readonly string[]): string[] {
  const names = packages.join(" ");
  return [
    "if command -v dnf >/dev/null 2>&1; then",
    `  dnf install -y --setopt=install_weak_deps=False ${names}`,
    "elif command -v apt-get >/dev/null 2>&1; then",
    "  export DEBIAN_FRONTEND=noninteractive",
    `  apt-get update && apt-get install -y --no-install-recommends ${names}`,
    "else",
    '  echo "the parent has neither dnf nor apt-get" >&2; exit 3',
    "fi",
  ];
}

function writing({ path, content, mode }: Recipe["files"][number]): string {
  const directory = path.slice(0, path.lastIndexOf("/"));
  const encoded = Buffer.from(content, "utf8").toString("base64");
  return `mkdir -p "$root${directory}"; echo ${encoded} | base64 -d >"$root${path}"; chmod ${mode} "$root${path}"`;
}

/** A script of its own, whose variables and directory are not the next one's. */
function running(script: string): string {
  return `(\nset -eu\ncd "$root/"\n${script}\n)`;
}
