const barWidth = 20;

/**
 * One line on how far a transfer is: `web/1.2.0.tgz  ########------------  40 %  12.0 MiB of 30.0 MiB, 8.1 MiB/s`.
 * @param bytesASecond Left out as long as it says nothing.
 */
export function transferLine(name: string, sent: number, total: number, bytesASecond?: number): string {
  const share = total === 0 ? 1 : Math.min(1, sent / total);
  const full = Math.round(share * barWidth);
  const bar = `${"#".repeat(full)}${"-".repeat(barWidth - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
  const rate = bytesASecond === undefined ? "" : `, ${amount(bytesASecond)}/s`;
  return `${name}  ${bar}  ${amount(sent)} of ${amount(total)}${rate}`;
}

/** Bytes as people read them. */
export function amount(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
