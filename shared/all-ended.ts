/**
 * What every piece of work that was begun together came to, once all of it has ended. Where one fails, `Promise.all` leaves
 * the others under way: what a handler leaves so may reach AWS when its lease is somebody else's.
 * @throws What the first of them in the list failed with.
 */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
