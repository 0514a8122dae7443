/** Short forms in zone ids: `us-east-1` is `use1`, `ap-southeast-2` is `apse2`. Source: AWS Regions and zones reference. */
const shortForms: Readonly<Record<string, string>> = {
  northeast: "ne",
  northwest: "nw",
  southeast: "se",
  southwest: "sw",
  north: "n",
  south: "s",
  east: "e",
  west: "w",
  central: "c",
};

/** The three zones this cloud has in its region. */
export function zonesOf(region: string): { name: string; id: string }[] {
  const [area = "", direction = "", number = ""] = region.split("-");
  const short = `${area}${shortForms[direction] ?? direction}${number}`;
  return ["a", "b", "c"].map((letter, position) => ({ name: `${region}${letter}`, id: `${short}-az${position + 1}` }));
}
