import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A TCP socket of this host that waits for connections. */
export interface ListeningSocket {
  /** As Linux writes it: `127.0.0.1` or `0.0.0.0`; for IPv6 32 hexadecimal digits. */
  address: string;
  port: number;
  isLoopback: boolean;
  pid: number;
}

/** Whether this system tells who listens where: only Linux does, through /proc. */
export const canListSockets = existsSync("/proc/net/tcp");

/**
 * The sockets on which this process and all that descend from it listen, in this network namespace: what another
 * namespace has is nobody's to reach.
 */
export function listeningSockets(): ListeningSocket[] {
  const owners = socketOwners(family());
  return [...tableOf("/proc/net/tcp"), ...tableOf("/proc/net/tcp6")].flatMap(({ inode, ...socket }) => {
    const pid = owners.get(inode);
    return pid === undefined ? [] : [{ ...socket, pid }];
  });
}

/** State 0A is LISTEN (include/net/tcp_states.h); the columns are those of Documentation/networking/proc_net_tcp.rst. */
function tableOf(file: string): { address: string; port: number; isLoopback: boolean; inode: string }[] {
  if (!existsSync(file)) return [];
  const rows = readFileSync(file, "utf8").trim().split("\n").slice(1);
  return rows.flatMap((row) => {
    const [, local = "", , state, , , , , , inode = ""] = row.trim().split(/\s+/);
    const [hex = "", port = ""] = local.split(":");
    if (state !== "0A") return [];
    const address = hex.length === 8 ? ipv4(hex) : hex;
    return [{ address, port: Number.parseInt(port, 16), isLoopback: isLoopback(address), inode }];
  });
}

/** The kernel writes the four bytes as one little-endian number. */
function ipv4(hex: string): string {
  return (hex.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");
}

/** `::1`, and IPv4's loopback written as IPv6 (`::ffff:127.0.0.1`), each in words of four little-endian bytes. */
function isLoopback(address: string): boolean {
  if (address.includes(".")) return address.startsWith("127.");
  return address === "00000000000000000000000001000000" || /^0{16}FFFF0000[0-9A-F]{6}7F$/.test(address);
}

/** This process and all its descendants, orphans excepted: those have another parent by now. */
function family(): Set<number> {
  const children = new Map<number, number[]>();
  for (const pid of processes()) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = new Set<number>();
  const queue = [process.pid];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    found.add(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return found;
}

function processes(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The fourth field; the second is the program's name in brackets, which may hold spaces and brackets itself. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** Inode of each socket that one of these processes has open, with the process. One that ends meanwhile has none. */
function socketOwners(pids: ReadonlySet<number>): Map<string, number> {
  const owners = new Map<string, number>();
  for (const pid of pids) {
    for (const link of openFiles(pid)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
      if (inode !== undefined) owners.set(inode, pid);
    }
  }
  return owners;
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
