const gib = 1024 ** 3;

/**
 * Size of a release's root volume: the base's own, plus what the release unpacks to with a fifth to spare for blocks and
 * metadata. Unit: GiB.
 */
export function rootVolumeGib(baseGib: number, unpackedBytes: number): number {
  return baseGib + Math.ceil((unpackedBytes * 1.2) / gib);
}
