/** Unit: bytes. The only block size of EBS direct APIs (`DataLength` of PutSnapshotBlock must be 524288). */
export const snapshotBlockBytes = 524_288;
