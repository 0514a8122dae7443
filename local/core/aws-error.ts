/** An error as AWS answers it: the code that SDKs turn into an exception name, and the HTTP status that goes with it. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly code: string;
  readonly status: number;
  /** Further members of the error's shape, such as `Reason` of an EBS ValidationException. */
  readonly members: Readonly<Record<string, unknown>>;

  /**
   * @param code As AWS spells it, for example `InvalidAMIID.NotFound`.
   * @param status HTTP status, 400–599.
   */
  constructor(code: string, message: string, status = 400, members: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.members = members;
  }
}
