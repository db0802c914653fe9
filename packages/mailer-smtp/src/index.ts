export { type MailFrom, parseMailFrom } from "./MailFrom.ts"
export { SmtpMailer, type SmtpMailerOptions, type SmtpTimeouts } from "./SmtpMailer.ts"
export { SmtpSettingInvalid } from "./SmtpSettingInvalid.ts"
export { parseSmtpUrl, type SmtpEncryption, type SmtpServer } from "./SmtpUrl.ts"
