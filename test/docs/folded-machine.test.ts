import { expect, it } from "vitest";
import { foldMachine } from "../../scripts/documents/folded-machine.ts";
import { machineDiagram } from "../../scripts/documents/machine-diagram.ts";
import { machineNames, readMachine, type StateMachine } from "../../scripts/documents/state-machine.ts";

const kettle: StateMachine = {
  StartAt: "Boil",
  States: {
    Boil: { Type: "Task", Next: "IsHot", Catch: [{ ErrorEquals: ["States.ALL"], Next: "Cold" }] },
    IsHot: {
      Type: "Choice",
      Choices: [
        { Condition: "{% $states.input.status = 'ready' %}", Next: "Tea" },
        { Condition: "{% $states.input.status = 'ready' and $way = 'strong' %}", Next: "Coffee" },
      ],
      Default: "WaitForHeat",
    },
    WaitForHeat: { Type: "Wait", Seconds: 5, Next: "Boil" },
    Tea: { Type: "Succeed" },
    Coffee: { Type: "Succeed" },
    Cold: { Type: "Fail" },
  },
};

it("draws task, choice and wait as one state that polls", () => {
  const { nodes, edges } = foldMachine(kettle);
  expect(nodes.map(([name]) => name)).toEqual(["Boil", "Tea", "Coffee", "Cold"]);
  expect(edges).toEqual([
    { from: "Boil", to: "Tea", kind: "next", label: "ready" },
    { from: "Boil", to: "Coffee", kind: "next", label: "strong" },
    { from: "Boil", to: "Boil", kind: "turn", label: "poll" },
    { from: "Boil", to: "Cold", kind: "failure" },
  ]);
});

it("gives the only way on no label, and names the errors of a catch of some", () => {
  const { edges } = foldMachine({
    StartAt: "Boil",
    States: {
      Boil: { Type: "Task", Next: "IsHot", Catch: [{ ErrorEquals: ["NoWaterError"], Next: "Cold" }] },
      IsHot: {
        Type: "Choice",
        Choices: [{ Condition: "{% $states.input.status = 'ready' %}", Next: "Tea" }],
        Default: "WaitForHeat",
      },
      WaitForHeat: { Type: "Wait", Seconds: 5, Next: "Boil" },
      Tea: { Type: "Succeed" },
      Cold: { Type: "Fail" },
    },
  });
  expect(edges).toEqual([
    { from: "Boil", to: "Tea", kind: "next" },
    { from: "Boil", to: "Boil", kind: "turn", label: "poll" },
    { from: "Boil", to: "Cold", kind: "failure", label: "NoWaterError" },
  ]);
});

it("keeps a choice that several states lead to, and a wait that leads on", () => {
  const { nodes, edges } = foldMachine({
    StartAt: "A",
    States: {
      A: { Type: "Task", Next: "Which" },
      B: { Type: "Task", Next: "Which" },
      Which: { Type: "Choice", Choices: [{ Condition: "{% $count(x) > 1 %}", Next: "B" }], Default: "Pause" },
      Pause: { Type: "Wait", Seconds: 1, Next: "End" },
      End: { Type: "Succeed" },
    },
  });
  expect(nodes.map(([name]) => name)).toEqual(["A", "B", "Which", "Pause", "End"]);
  expect(edges).toContainEqual({ from: "Which", to: "B", kind: "next", label: "$count(x) > 1" });
  expect(edges).toContainEqual({ from: "Pause", to: "End", kind: "next" });
});

it.each(machineNames)("leaves no end and no failure path of %s out of its picture", (name) => {
  const machine = readMachine(name);
  const picture = machineDiagram(machine);
  for (const [state, { Type }] of Object.entries(machine.States)) {
    if (Type === "Succeed") expect(picture).toContain(`${state}([${state}]):::good`);
    if (Type === "Fail") expect(picture).toContain(`${state}([${state}]):::bad`);
  }
  const caught = new Set(Object.values(machine.States).flatMap(({ Catch }) => Catch?.map(({ Next }) => Next) ?? []));
  for (const next of caught) expect(picture).toMatch(new RegExp(`(-\\.->|-->) ${next}$`, "m"));
});
