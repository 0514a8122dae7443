import { isDenied } from "../errors.ts";

/**
 * Deletes something, and takes a denial for done when nothing is there any more. The SDK sends a request whose answer was
 * lost a second time; by then the resource is gone, and a policy that asks for its tags denies the call.
 * @param exists Asked only after a denial.
 * @throws what `remove` threw, unless it was such a denial.
 */
export async function deleteUnlessGone(remove: () => Promise<unknown>, exists: () => Promise<boolean>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!isDenied(error) || (await exists())) throw error;
  }
}
