export * from "./AddressProblem.ts"
export * from "./Decider.ts"
export * from "./Deciders.ts"
export * from "./Demotion.ts"
export * from "./Diagnosis.ts"
export * from "./DkimKey.ts"
export * from "./DnsObservation.ts"
export * from "./DnsPlan.ts"
export * from "./DnsVerdict.ts"
export * from "./DomainName.ts"
export * from "./EmailAddress.ts"
export * from "./EventCodec.ts"
export * from "./Evidence.ts"
export * from "./Finding.ts"
export * from "./FindingCode.ts"
export {
  deriveKey,
  framed,
  type Identity,
  makeIdentity,
  SenderId,
  type SenderName,
  StoredSenderId,
  senderNumber
} from "./Identity.ts"
export * from "./KeyRing.ts"
export * from "./Mailbox.ts"
export * from "./Owner.ts"
export * from "./ProbeSchedule.ts"
export * from "./Rederivation.ts"
export * from "./Sender.ts"
export * from "./SenderEvent.ts"
export * from "./SenderTask.ts"
export * from "./SenderView.ts"
export * from "./SettingRules.ts"
export * from "./VerificationLink.ts"
