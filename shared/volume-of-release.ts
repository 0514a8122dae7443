import { layOut, type VolumeLayout } from "../boot/release-volume.ts";
import type { Release } from "./domain/release.ts";

/** Where a release's layers and artifact lie on its volume. */
export function volumeOf(release: Release): VolumeLayout {
  const part = ({ name, bytes, sha256 }: Release["artifact"]) => ({ name, bytes, sha256 });
  return layOut({
    image: release.imageDigest,
    start: release.start,
    layers: release.layers.map(part),
    artifact: part(release.artifact),
  });
}
