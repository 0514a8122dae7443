/** The one block size EBS direct APIs know. Unit: bytes. Source: EBS API reference, PutSnapshotBlock `DataLength`. */
export const blockBytes = 524_288;
