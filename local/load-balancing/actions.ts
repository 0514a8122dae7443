import type { Action, RedirectActionConfig, TargetGroupTuple } from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "../core/aws-error.ts";
import { invalid } from "./errors.ts";
import { type BalancingState, groupsNamed } from "./state.ts";

/** Target groups in one forward action. Source: quotas for Application Load Balancers (fixed). */
const groupsPerAction = 5;
/** Target groups in the rules of one load balancer. Same source (fixed). */
const groupsPerBalancer = 100;
const longestStickySeconds = 604_800;
const contentTypes = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
const authenticating = ["authenticate-cognito", "authenticate-oidc", "jwt-validation"];

/**
 * Checks the actions of a rule or listener against what exists and gives them as DescribeRules answers them.
 * @param balancerArn The load balancer they are for: a target group serves one only.
 * @param others Actions of the same load balancer that stay, for the limit of target groups.
 * @throws {AwsError} InvalidLoadBalancerAction, ValidationError, TargetGroupNotFound, TargetGroupAssociationLimit …
 */
export function acceptedActions(
  state: BalancingState,
  balancerArn: string,
  actions: readonly Action[] | undefined,
  others: readonly Action[],
): Action[] {
  if (!actions?.length) throw invalid("At least one action must be specified");
  const ordered = [...actions].sort((a, b) => (a.Order ?? 0) - (b.Order ?? 0));
  if (ordered.length > 1 && new Set(ordered.map(({ Order }) => Order)).size < ordered.length) {
    throw new AwsError("InvalidLoadBalancerAction", "Actions of a rule need different orders");
  }
  const accepted = ordered.map((action, index) => acceptedAction(state, action, index === ordered.length - 1));
  for (const arn of groupsNamed(accepted)) {
    const balancer = state.balancerOf(arn);
    if (balancer && balancer.arn !== balancerArn) {
      const message = `The following target groups cannot be associated with more than one load balancer: ${arn}`;
      throw new AwsError("TargetGroupAssociationLimit", message);
    }
  }
  if (groupsNamed([...others, ...accepted]).length > groupsPerBalancer) {
    const message = `The maximum number of target groups on a load balancer is ${groupsPerBalancer}`;
    throw new AwsError("TooManyUniqueTargetGroupsPerLoadBalancer", message);
  }
  return accepted;
}

function acceptedAction(state: BalancingState, action: Action, last: boolean): Action {
  const type = action.Type ?? "";
  if (authenticating.includes(type)) {
    if (last) throw new AwsError("InvalidLoadBalancerAction", `An action of type '${type}' must not be the last one`);
    return action;
  }
  if (!last) throw new AwsError("InvalidLoadBalancerAction", `An action of type '${type}' must be the last one`);
  const order = action.Order === undefined ? {} : { Order: action.Order };
  switch (type) {
    case "forward":
      return { Type: "forward", ...order, ...acceptedForward(state, action) };
    case "fixed-response":
      return { Type: "fixed-response", ...order, FixedResponseConfig: acceptedFixedResponse(action) };
    case "redirect":
      return { Type: "redirect", ...order, RedirectConfig: acceptedRedirect(action.RedirectConfig) };
    default:
      throw new AwsError("InvalidLoadBalancerAction", `Action type '${type}' is not valid`);
  }
}

function acceptedForward(state: BalancingState, action: Action): Partial<Action> {
  const { TargetGroups, TargetGroupStickinessConfig } = action.ForwardConfig ?? {};
  const single: TargetGroupTuple[] =
    action.TargetGroupArn === undefined ? [] : [{ TargetGroupArn: action.TargetGroupArn }];
  const named = TargetGroups ?? single;
  if (named.length === 0) throw invalid("A forward action needs a target group");
  if (named.length > groupsPerAction) throw invalid(`A forward action has at most ${groupsPerAction} target groups`);
  if (action.TargetGroupArn !== undefined && (named.length > 1 || named[0]?.TargetGroupArn !== action.TargetGroupArn)) {
    throw invalid("TargetGroupArn and ForwardConfig must name the same single target group");
  }
  const groups = named.map((tuple) => {
    const { arn } = state.group(tuple.TargetGroupArn ?? "");
    const weight = tuple.Weight ?? 1;
    if (!Number.isInteger(weight) || weight < 0 || weight > 999)
      throw invalid(`Weight '${weight}' must be between 0 and 999`);
    return { TargetGroupArn: arn, Weight: weight };
  });
  if (groupsNamed([{ Type: "forward", ForwardConfig: { TargetGroups: groups } }]).length < groups.length) {
    throw invalid("A target group can be named only once in an action");
  }
  const { Enabled = false, DurationSeconds } = TargetGroupStickinessConfig ?? {};
  if (Enabled && (DurationSeconds === undefined || DurationSeconds < 1 || DurationSeconds > longestStickySeconds)) {
    throw invalid(`Target group stickiness duration must be between 1 and ${longestStickySeconds} seconds`);
  }
  const sticky = groups.some(
    ({ TargetGroupArn }) => state.group(TargetGroupArn).attributes["stickiness.enabled"] === "true",
  );
  if (groups.length > 1 && sticky && !Enabled) {
    const message =
      "You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups";
    throw new AwsError("InvalidConfigurationRequest", message);
  }
  const stickiness = DurationSeconds === undefined ? { Enabled } : { Enabled, DurationSeconds };
  return {
    ...(groups.length === 1 ? { TargetGroupArn: groups[0]?.TargetGroupArn } : {}),
    ForwardConfig: { TargetGroups: groups, TargetGroupStickinessConfig: stickiness },
  };
}

function acceptedFixedResponse({ FixedResponseConfig: config }: Action): Action["FixedResponseConfig"] {
  const { StatusCode = "", ContentType, MessageBody } = config ?? {};
  if (!/^[245]\d\d$/.test(StatusCode))
    throw invalid(`Fixed response status code '${StatusCode}' must be 2XX, 4XX or 5XX`);
  if (ContentType !== undefined && !contentTypes.includes(ContentType)) {
    throw invalid(`Fixed response content type must be one of [${contentTypes.join(", ")}]`);
  }
  if ((MessageBody?.length ?? 0) > 1024) throw invalid("Fixed response message is longer than 1024 characters");
  return { StatusCode, ...(ContentType && { ContentType }), ...(MessageBody !== undefined && { MessageBody }) };
}

/** Lays AWS's defaults under a redirect: every part left out stays as the request had it. */
function acceptedRedirect(config: RedirectActionConfig | undefined): RedirectActionConfig {
  const {
    Protocol = "#{protocol}",
    Port = "#{port}",
    Host = "#{host}",
    Path = "/#{path}",
    Query = "#{query}",
  } = config ?? {};
  const { StatusCode } = config ?? {};
  if (StatusCode !== "HTTP_301" && StatusCode !== "HTTP_302")
    throw invalid(`Redirect status code '${StatusCode}' is not valid`);
  if (!/^(HTTPS?|#\{protocol\})$/.test(Protocol)) throw invalid(`Redirect protocol '${Protocol}' is not valid`);
  if (Port !== "#{port}" && !(Number(Port) >= 1 && Number(Port) <= 65_535))
    throw invalid(`Redirect port '${Port}' is not valid`);
  if (!Path.startsWith("/")) throw invalid("Redirect path must start with '/'");
  if (Protocol === "#{protocol}" && Port === "#{port}" && Host === "#{host}" && Path === "/#{path}") {
    throw new AwsError(
      "InvalidLoadBalancerAction",
      "The redirect configuration is not valid because it creates a loop",
    );
  }
  return { Protocol, Port, Host, Path, Query, StatusCode };
}
