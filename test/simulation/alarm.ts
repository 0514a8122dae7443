import { handSetAlarm } from "../../scripts/simulate/hand-set-alarm.ts";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";

/** An alarm of the user's own, in a state that somebody set. */
export async function alarm(stage: SimulatedStage, name: string, state: "OK" | "ALARM" | undefined): Promise<void> {
  await stage.cloud.call("monitoring", "PutMetricAlarm", handSetAlarm(name));
  if (state) await set(stage, name, state);
}

/** Puts an alarm into a state, as its metric would. */
export async function set(stage: SimulatedStage, AlarmName: string, StateValue: "OK" | "ALARM"): Promise<void> {
  await stage.cloud.call("monitoring", "SetAlarmState", { AlarmName, StateValue, StateReason: "a test" });
}
