export type {
  DnsFault,
  DnsForgeFault,
  DnsGarbageFault,
  DnsLameFault,
  DnsLieFault,
  DnsRcodeFault,
  DnsReferFault,
  DnsSlowFault,
  DnsTimeoutFault,
  DnsTransport,
  DnsTruncateFault,
  DnsWrongIdFault
} from "./DnsFault.ts"
export {
  type DnsQuery,
  DnsServer,
  type DnsServerHandle,
  type DnsServerOptions,
  type DnsServerZone,
  type DnsZoneHandle
} from "./DnsServer.ts"
export { DnsServerError } from "./DnsSockets.ts"
export { type DnsRecord, DnsRecordRefused, type DnsRecordType, type PutOptions } from "./DnsZone.ts"
export type { Faults } from "./FaultScript.ts"
export { type LoopbackCertificate, makeLoopbackCertificate } from "./LoopbackCertificate.ts"
export type { ReceivedMessage } from "./ReceivedMessage.ts"
export { SandboxTimeout } from "./SandboxTimeout.ts"
export type {
  SmtpDropFault,
  SmtpFault,
  SmtpReplyFault,
  SmtpSilentFault,
  SmtpSlowFault,
  SmtpStage
} from "./SmtpFault.ts"
export { type SmtpCredentials, SmtpSinkError } from "./SmtpListener.ts"
export { SmtpSink, type SmtpSinkHandle, type SmtpSinkOptions } from "./SmtpSink.ts"
