import { constants } from "node:os";
import { expandSpecifiers, words } from "./command-words.ts";

/** A service unit, as far as this machine heeds it. Durations in milliseconds. */
export interface Unit {
  name: string;
  description: string;
  /** Words of each command to run before the main one. */
  startPre: string[][];
  start: string[];
  environment: Record<string, string>;
  /** Paths; one that starts with `-` may be missing. */
  environmentFiles: string[];
  workingDirectory: string | undefined;
  type: string;
  restart: string;
  restartMs: number;
  stopMs: number;
  killSignal: NodeJS.Signals;
  killMode: string;
  startLimitMs: number;
  startLimitBurst: number;
  toConsole: boolean;
  identifier: string | undefined;
  stateDirectories: string[];
  runtimeDirectories: string[];
  wantedBy: string[];
  /** Directives nobody here knows, each with its line: they are reported, never silently dropped. */
  unknown: string[];
}

/**
 * Directives that are accepted and change nothing here: the machine is a directory and processes, without users, mounts
 * or system-call filters of its own. Sources: systemd.exec(5), systemd.unit(5), systemd.resource-control(5).
 */
const withoutEffect = new Set(
  `Documentation After Before Wants Requires BindsTo PartOf Conflicts ConditionPathExists AssertPathExists
   DynamicUser User Group SupplementaryGroups UMask Nice OOMScoreAdjust LimitNOFILE LimitNPROC LimitCORE LimitMEMLOCK TasksMax
   MemoryMax MemoryHigh CPUQuota CPUWeight Slice Delegate
   ProtectSystem ProtectHome ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectControlGroups
   ProtectClock ProtectHostname ProtectProc ProcSubset PrivateTmp PrivateDevices PrivateUsers PrivateNetwork PrivateMounts
   NoNewPrivileges RestrictNamespaces RestrictRealtime RestrictSUIDSGID RestrictAddressFamilies LockPersonality
   MemoryDenyWriteExecute SystemCallArchitectures SystemCallFilter SystemCallErrorNumber CapabilityBoundingSet
   AmbientCapabilities ReadOnlyPaths ReadWritePaths InaccessiblePaths BindPaths BindReadOnlyPaths TemporaryFileSystem
   ExecPaths NoExecPaths RemoveIPC KeyringMode SecureBits StateDirectoryMode RuntimeDirectoryMode CacheDirectory
   LogsDirectory StandardInput SyslogLevel SyslogFacility SendSIGKILL TimeoutStartSec DefaultDependencies`.split(/\s+/),
);

type Change = (value: string, unit: Readonly<Unit>) => Partial<Unit>;

/** What each directive that is heeded changes in the unit. Sources: systemd.service(5), systemd.exec(5), systemd.kill(5). */
const heeded: Readonly<Record<string, Change>> = {
  Description: (description) => ({ description }),
  Type: (type) => ({ type }),
  ExecStart: (value) => ({ start: words(value) }),
  ExecStartPre: (value, unit) => ({ startPre: value === "" ? [] : [...unit.startPre, words(value)] }),
  Environment: (value, unit) => ({ environment: value === "" ? {} : { ...unit.environment, ...assignments(value) } }),
  EnvironmentFile: (value, unit) => ({ environmentFiles: value === "" ? [] : [...unit.environmentFiles, value] }),
  WorkingDirectory: (workingDirectory) => ({ workingDirectory }),
  Restart: (restart) => ({ restart }),
  RestartSec: (value) => ({ restartMs: timeSpan(value) }),
  TimeoutStopSec: (value) => ({ stopMs: timeSpan(value) }),
  TimeoutSec: (value) => ({ stopMs: timeSpan(value) }),
  KillSignal: (value) => ({ killSignal: signalNamed(value) }),
  KillMode: (killMode) => ({ killMode }),
  StartLimitIntervalSec: (value) => ({ startLimitMs: timeSpan(value) }),
  StartLimitBurst: (value) => ({ startLimitBurst: Number(value) }),
  StandardOutput: (value) => ({ toConsole: value.includes("console") }),
  StandardError: (value, unit) => ({ toConsole: unit.toConsole || value.includes("console") }),
  SyslogIdentifier: (identifier) => ({ identifier }),
  StateDirectory: (value, unit) => ({ stateDirectories: [...unit.stateDirectories, ...words(value)] }),
  RuntimeDirectory: (value, unit) => ({ runtimeDirectories: [...unit.runtimeDirectories, ...words(value)] }),
  WantedBy: (value, unit) => ({ wantedBy: [...unit.wantedBy, ...words(value)] }),
};

function assignments(value: string): Record<string, string> {
  const pairs = words(value).map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]);
  return Object.fromEntries(pairs);
}

/** @throws {SyntaxError} for a signal this system does not have. */
function signalNamed(value: string): NodeJS.Signals {
  const name = value.startsWith("SIG") ? value : `SIG${value}`;
  if (Object.hasOwn(constants.signals, name)) return name as NodeJS.Signals;
  throw new SyntaxError(`no such signal: ${value}`);
}

/**
 * Reads a service unit.
 * @param name With its suffix, such as `kiln.service`.
 * @throws {SyntaxError} for a line that is none, or a quote without its end.
 */
export function parseUnit(name: string, text: string): Unit {
  const unit: Unit = {
    name,
    description: name,
    startPre: [],
    start: [],
    environment: {},
    environmentFiles: [],
    workingDirectory: undefined,
    type: "simple",
    restart: "no",
    // Defaults: RestartSec=100ms, DefaultTimeoutStopSec=90s, StartLimitIntervalSec=10s, StartLimitBurst=5.
    restartMs: 100,
    stopMs: 90_000,
    killSignal: "SIGTERM",
    killMode: "control-group",
    startLimitMs: 10_000,
    startLimitBurst: 5,
    toConsole: false,
    identifier: undefined,
    stateDirectories: [],
    runtimeDirectories: [],
    wantedBy: [],
    unknown: [],
  };
  for (const line of logicalLines(text)) {
    if (/^\[.+\]$/.test(line)) continue;
    const equals = line.indexOf("=");
    if (equals <= 0) throw new SyntaxError(`${name}: not an assignment: ${line}`);
    const directive = line.slice(0, equals).trim();
    const change = Object.hasOwn(heeded, directive) ? heeded[directive] : undefined;
    if (change) Object.assign(unit, change(expandSpecifiers(line.slice(equals + 1).trim(), name), unit));
    else if (!withoutEffect.has(directive)) unit.unknown.push(line);
  }
  return unit;
}

/** Lines without comments; a backslash at the end joins the next one with a space. Source: systemd.syntax(7). */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let joined = "";
  for (const line of text.split("\n")) {
    if (joined === "" && /^\s*([#;]|$)/.test(line)) continue;
    if (joined !== "" && /^\s*[#;]/.test(line)) continue;
    if (line.endsWith("\\")) {
      joined += `${line.slice(0, -1)} `;
      continue;
    }
    lines.push((joined + line).trim());
    joined = "";
  }
  return lines.filter((line) => line !== "");
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  msec: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  "": 1000,
  m: 60_000,
  min: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hours: 3_600_000,
};

/** A time span such as `90`, `1min 30s` or `infinity`. Unit: milliseconds. Source: systemd.time(7). */
export function timeSpan(text: string): number {
  if (text === "infinity") return Number.POSITIVE_INFINITY;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)\s*([a-z]*)/g))
    total += Number(amount) * (units[unit ?? ""] ?? 1000);
  return total;
}
