import type { ResourceType } from "./resource-type.ts";
import { alarm } from "./resources/cloudwatch.ts";
import { rule } from "./resources/events.ts";
import { instanceProfile, managedPolicy, policy, role } from "./resources/iam.ts";
import { key, keyAlias } from "./resources/kms.ts";
import {
  lambdaAlias,
  lambdaEventInvokeConfig,
  lambdaFunction,
  lambdaPermission,
  lambdaVersion,
} from "./resources/lambda.ts";
import { logGroup, logsResourcePolicy } from "./resources/logs.ts";
import { bucket, bucketPolicy } from "./resources/s3.ts";
import { schedule, scheduleGroup } from "./resources/scheduler.ts";
import { subscription, topic, topicPolicy } from "./resources/sns.ts";
import { queue, queuePolicy } from "./resources/sqs.ts";
import { parameter } from "./resources/ssm.ts";
import { stateMachine, stateMachineAlias, stateMachineVersion } from "./resources/step-functions.ts";

/** Every resource type this cloud can make. */
export const resourceTypes: Readonly<Record<string, ResourceType>> = {
  "AWS::CloudWatch::Alarm": alarm,
  "AWS::Events::Rule": rule,
  "AWS::IAM::InstanceProfile": instanceProfile,
  "AWS::IAM::ManagedPolicy": managedPolicy,
  "AWS::IAM::Policy": policy,
  "AWS::IAM::Role": role,
  "AWS::KMS::Alias": keyAlias,
  "AWS::KMS::Key": key,
  "AWS::Lambda::Alias": lambdaAlias,
  "AWS::Lambda::EventInvokeConfig": lambdaEventInvokeConfig,
  "AWS::Lambda::Function": lambdaFunction,
  "AWS::Lambda::Permission": lambdaPermission,
  "AWS::Lambda::Version": lambdaVersion,
  "AWS::Logs::LogGroup": logGroup,
  "AWS::Logs::ResourcePolicy": logsResourcePolicy,
  "AWS::S3::Bucket": bucket,
  "AWS::S3::BucketPolicy": bucketPolicy,
  "AWS::SNS::Subscription": subscription,
  "AWS::SNS::Topic": topic,
  "AWS::SNS::TopicPolicy": topicPolicy,
  "AWS::SQS::Queue": queue,
  "AWS::SQS::QueuePolicy": queuePolicy,
  "AWS::SSM::Parameter": parameter,
  "AWS::Scheduler::Schedule": schedule,
  "AWS::Scheduler::ScheduleGroup": scheduleGroup,
  "AWS::StepFunctions::StateMachine": stateMachine,
  "AWS::StepFunctions::StateMachineAlias": stateMachineAlias,
  "AWS::StepFunctions::StateMachineVersion": stateMachineVersion,
};
