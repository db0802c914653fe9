/**
 * A setting of the mailer that cannot be used. The message is one sentence for the operator, and holds no credentials.
 */
import { Schema } from "effect"

/** The setting cannot be used; `reason` says why. */
export class SmtpSettingInvalid extends Schema.TaggedError<SmtpSettingInvalid>()("SmtpSettingInvalid", {
  setting: Schema.Literals(["url", "from"]),
  reason: Schema.String
}) {
  override get message(): string {
    return this.setting === "url"
      ? `The SMTP URL cannot be used: ${this.reason}.`
      : `The From address cannot be used: ${this.reason}.`
  }
}
