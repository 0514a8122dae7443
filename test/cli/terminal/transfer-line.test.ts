import { expect, it } from "vitest";
import { transferLine } from "../../../cli/terminal/transfer-line.ts";

const mebibyte = 1024 * 1024;

it("shows share, amounts and rate of a transfer", () => {
  expect(transferLine("web/1.tgz", 12 * mebibyte, 30 * mebibyte, 8.1 * mebibyte)).toBe(
    "web/1.tgz  ########------------  40 %  12.0 MiB of 30.0 MiB, 8.1 MiB/s",
  );
});

it("is full for nothing to send and never more than full", () => {
  expect(transferLine("a", 0, 0)).toBe("a  #################### 100 %  0 KiB of 0 KiB");
  expect(transferLine("a", 5 * mebibyte, 4 * mebibyte)).toContain("#################### 100 %");
});
