/**
 * What the commands about signing keys say to the operator.
 */
import type { KeySlot } from "@countersign/core"
import { type RotationStep, zoneFileOf } from "@countersign/signing"
import { timeOf } from "./CommandAnswers.ts"

/** Which slot signs. */
export const signs = (slot: KeySlot | undefined) => (slot === undefined ? "No slot signs." : `Slot ${slot} signs.`)

const again = "run `countersign keys rotate` again"

/** What a step of a rotation came to, and what comes after it. */
export const rotationSentence = (step: RotationStep): string => {
  switch (step._tag) {
    case "Moved": {
      const old =
        step.from === undefined
          ? ""
          : ` Leave the record of slot ${step.from} as it is until then: mail that it signed is on its way.`
      return `Slot ${step.to} signs now. Go on at ${timeOf(step.replaceFrom)}: ${again}.${old}`
    }
    case "Replaced":
      return `Slot ${step.slot} has a new key. Publish it in place of the old one:\n${zoneFileOf([step.record])}\nThen ${again}.`
    case "Unpublished":
      return `The key of slot ${step.slot} is not published. Publish it, and ${again}:\n${zoneFileOf([step.record])}`
    case "TooEarly":
      return step.why === "signed-lately"
        ? `Slot ${step.slot} signed lately, and its mail is on its way: its key can be replaced at ${timeOf(step.until)}, not before.`
        : `Caches may not have the key of slot ${step.slot} yet: it can sign at ${timeOf(step.until)}, not before.`
  }
}
