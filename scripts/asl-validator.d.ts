/** The part of asl-validator's interface used here; the package ships no declarations. */
declare module "asl-validator" {
  export default function validate(definition: Record<string, unknown>): { isValid: boolean; errors: unknown[] };
}
