import { describe, expect, it } from "vitest";
import { decodeAwsChunked } from "../../../local/wire/aws-chunked.ts";
import { collect } from "../../../local/wire/body.ts";
import { parseTarget, type WireRequest } from "../../../local/wire/message.ts";
import { ChunkSigner, isSignedWith, readSignature, sha256 } from "../../../local/wire/signature.ts";
import { isLegacyUrlSignedWith, readLegacyUrl } from "../../../local/wire/signature-v2.ts";

// The examples of the S3 API reference, "Signature calculations".
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const credential = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
const emptyHash = sha256("");

function requestOf(method: string, target: string, headers: Record<string, string>): WireRequest {
  return { method, ...parseTarget(target), headers, body: new Uint8Array() };
}

describe("Signature Version 4", () => {
  const headers = {
    host: "examplebucket.s3.amazonaws.com",
    range: "bytes=0-9",
    "x-amz-content-sha256": emptyHash,
    "x-amz-date": "20130524T000000Z",
    authorization: `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41`,
  };

  it("in a header is that of AWS's example, and of no other secret, header or path", () => {
    const request = requestOf("GET", "/test.txt", headers);
    const claim = readSignature(request);
    if (!claim) throw new Error("no signature was read");
    expect(isSignedWith(claim, secret, request, "/test.txt", emptyHash)).toBe(true);
    expect(isSignedWith(claim, "other", request, "/test.txt", emptyHash)).toBe(false);
    expect(isSignedWith(claim, secret, request, "/test.txt?acl", emptyHash)).toBe(false);
    const changed = requestOf("GET", "/test.txt", { ...headers, range: "bytes=0-10" });
    expect(isSignedWith(claim, secret, changed, "/test.txt", emptyHash)).toBe(false);
  });

  it("in a query is that of AWS's example", () => {
    const target =
      "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    const request = requestOf("GET", target, { host: "examplebucket.s3.amazonaws.com" });
    const claim = readSignature(request);
    expect(claim).toMatchObject({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", service: "s3", expiresSeconds: 86_400 });
    if (!claim) throw new Error("no signature was read");
    expect(isSignedWith(claim, secret, request, target, "UNSIGNED-PAYLOAD")).toBe(true);
  });

  it("is refused when it lacks a part", () => {
    const request = requestOf("GET", "/", { authorization: `AWS4-HMAC-SHA256 Credential=${credential}` });
    expect(() => readSignature(request)).toThrowError(/Authorization requires/);
    expect(readSignature(requestOf("GET", "/", {}))).toBeUndefined();
  });
});

describe("Signature Version 2", () => {
  it("in a URL is that of AWS's example", () => {
    const target =
      "/photos/puppy.jpg?AWSAccessKeyId=0PN5J17HBGZHT7JJ3X82&Signature=rucSbH0yNEcP9oM2XNlouVI3BH4%3D&Expires=1175139620";
    const request = requestOf("GET", target, { host: "johnsmith.s3.amazonaws.com" });
    const claim = readLegacyUrl(request);
    if (!claim) throw new Error("no signature was read");
    expect(isLegacyUrlSignedWith(claim, "uV3F3YluFJax1cknbcTeStvH4x/Y3MhVxJ3iaKEH", request)).toBe(false);
    expect(isLegacyUrlSignedWith(claim, "uV3F3YluFJax1cknvbcGwgjvx4QpvB+leU8dUj2o", request)).toBe(true);
  });
});

describe("a body in signed chunks", () => {
  // 66,560 times "a" in chunks of 64 KiB, with the signatures of AWS's example.
  const signatures = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
  ];
  const seed = {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    sessionToken: undefined,
    timestamp: "20130524T000000Z",
    scope: "20130524/us-east-1/s3/aws4_request",
    service: "s3",
    signedHeaders: [],
    signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    expiresSeconds: undefined,
  };
  const encoded = [65_536, 1_024, 0]
    .map((size, index) => `${size.toString(16)};chunk-signature=${signatures[index]}\r\n${"a".repeat(size)}\r\n`)
    .join("");

  function decode(text: string, pieceBytes: number, length = 66_560): Promise<Uint8Array> {
    return collect(decodeAwsChunked(pieces(text, pieceBytes), new ChunkSigner(seed, secret), length, () => {}));
  }

  it.each([1_000, 7, 100_000])("is decoded however it arrives, such as in pieces of %i bytes", async (pieceBytes) => {
    expect(Buffer.from(await decode(encoded, pieceBytes)).toString()).toBe("a".repeat(66_560));
  });

  it("is refused when a byte of a chunk is changed", async () => {
    await expect(decode(encoded.replace("aaa\r\n", "aab\r\n"), 1_000)).rejects.toMatchObject({
      code: "SignatureDoesNotMatch",
    });
  });

  it("is refused when it ends early or has another length than promised", async () => {
    await expect(decode(encoded.slice(0, 40_000), 1_000)).rejects.toMatchObject({ code: "IncompleteBody" });
    await expect(decode(encoded, 1_000, 66_561)).rejects.toMatchObject({ code: "IncompleteBody" });
  });
});

async function* pieces(text: string, bytes: number): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text);
  for (let offset = 0; offset < all.length; offset += bytes) yield all.subarray(offset, offset + bytes);
}
