/** The host name by which visitors know a service. */
export function hostOf(service: string): string {
  return `${service}.example.com`;
}
