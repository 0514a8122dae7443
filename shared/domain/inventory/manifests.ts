import type { Component, Manifest } from "./inventory.ts";

/** Reads one kind of manifest. @throws {Error} when the text is not what its name says. */
type ReadManifest = (text: string, path: string) => Manifest;

const installedNpm = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/;
const installedPython = /\.(?:dist-info\/METADATA|egg-info\/PKG-INFO)$/;

/** Unit: bytes. The lock files of large projects have a few megabytes; other manifests have kilobytes. */
const lockLimitBytes = 8 * 1024 * 1024;
const manifestLimitBytes = 1024 * 1024;

/** How to read the manifest under a path, and the most it may have; undefined when it is none. */
export function manifestAt(path: string): { read: ReadManifest; limitBytes: number } | undefined {
  const file = path.slice(path.lastIndexOf("/") + 1);
  switch (file) {
    case "package.json":
      return installedNpm.test(path) ? { read: readNpmPackage, limitBytes: manifestLimitBytes } : undefined;
    case "package-lock.json":
    case "npm-shrinkwrap.json":
      // Those that packages bring along are about their own development.
      return path.includes("node_modules/") ? undefined : { read: readNpmLock, limitBytes: lockLimitBytes };
    case "METADATA":
    case "PKG-INFO":
      return installedPython.test(path) ? { read: readPythonMetadata, limitBytes: manifestLimitBytes } : undefined;
    case "requirements.txt":
      return path.includes("/site-packages/") ? undefined : { read: readRequirements, limitBytes: manifestLimitBytes };
    default:
      return undefined;
  }
}

/** `node_modules/<name>/package.json`, as npm unpacked it. */
function readNpmPackage(text: string, path: string): Manifest {
  const { name, version, license, licenses } = objectIn(text);
  const folder = installedNpm.exec(path)?.[1] ?? "";
  // Folders without a version are parts of packages, such as builds for one module system.
  if (typeof version !== "string") return { components: [] };
  return {
    components: [
      component("npm", typeof name === "string" ? name : folder, version, "installed", licenseOf(license ?? licenses)),
    ],
  };
}

/** A lock file of npm. Source: docs.npmjs.com, "package-lock.json": `packages` since version 2, `dependencies` before. */
function readNpmLock(text: string, path: string): Manifest {
  const { packages, dependencies } = objectIn(text);
  const components: Component[] = [];
  if (isObject(packages)) {
    for (const [place, entry] of Object.entries(packages)) {
      const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
      // "" is the project itself, and places outside node_modules are its workspaces.
      if (place.includes("node_modules/")) components.push(...lockedPackage(name, entry));
    }
  } else if (isObject(dependencies)) {
    // An explicit list, because a lock file may nest as deep as it likes.
    const levels: Record<string, unknown>[] = [dependencies];
    for (let level = levels.pop(); level; level = levels.pop()) {
      for (const [name, entry] of Object.entries(level)) {
        components.push(...lockedPackage(name, entry));
        if (isObject(entry) && isObject(entry["dependencies"])) levels.push(entry["dependencies"]);
      }
    }
  } else {
    throw new Error("it lists no packages");
  }
  return { components, gaps: components.length === 0 ? [`${path} names no package.`] : [] };
}

function lockedPackage(place: string, entry: unknown): Component[] {
  if (!isObject(entry) || entry["link"] === true || typeof entry["version"] !== "string") return [];
  const { name, version, license, dev } = entry;
  const found = component("npm", typeof name === "string" ? name : place, version, "declared", licenseOf(license));
  return [dev === true ? { ...found, development: true } : found];
}

/** Source: packaging.python.org, "Core metadata specifications": headers as in an e-mail, ended by an empty line. */
function readPythonMetadata(text: string): Manifest {
  const headers = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (line === "") break;
    const found = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
    if (found?.[1] && !headers.has(found[1])) headers.set(found[1], found[2] ?? "");
  }
  const [name, version] = [headers.get("Name"), headers.get("Version")];
  if (!name || !version) throw new Error("it has no name or no version");
  const license = headers.get("License-Expression") ?? headers.get("License");
  return { components: [component("pypi", name, version, "installed", licenseOf(license))] };
}

/** Source: pip.pypa.io, "Requirements File Format". Only what is pinned by `==` names one version. */
function readRequirements(text: string, path: string): Manifest {
  const components: Component[] = [];
  let open = 0;
  for (const line of text.replaceAll(/\\\r?\n/g, " ").split(/\r?\n/)) {
    const requirement = line.replace(/(^|\s)#.*$/, "").trim();
    if (requirement === "" || requirement.startsWith("--hash")) continue;
    const pinned = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;,*]+)\s*(?:;.*|--hash.*)?$/.exec(
      requirement,
    );
    if (pinned?.[1] && pinned[2]) components.push(component("pypi", pinned[1], pinned[2], "declared", undefined));
    else open += 1;
  }
  return { components, gaps: open === 0 ? [] : [`${path} has ${open} lines that pin no version.`] };
}

function component(
  ecosystem: Component["ecosystem"],
  name: string,
  version: string,
  evidence: Component["evidence"],
  license: string | undefined,
): Component {
  return { ecosystem, name, version, ...(license !== undefined && { license }), evidence };
}

/** Unit: characters. A longer "license" is the text of one. */
const longestLicense = 200;

/** npm once took objects and lists (docs.npmjs.com, "package.json", license). */
function licenseOf(stated: unknown): string | undefined {
  const first = Array.isArray(stated) ? stated[0] : stated;
  const text = isObject(first) ? first["type"] : first;
  if (typeof text !== "string" || text.length > longestLicense || !/^[\x20-\x7e]+$/.test(text)) return undefined;
  return text.trim() === "" || text === "UNKNOWN" ? undefined : text.trim();
}

function objectIn(text: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(text);
  if (isObject(parsed)) return parsed;
  throw new Error("it is no JSON object");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
