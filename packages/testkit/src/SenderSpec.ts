/**
 * Given what happened, when a command comes, then that happens: how the rules of a sender are written as tests.
 *
 * `given(...events).when(command).happened(...events)`. What is expected is compared as a whole, so an event too many
 * or a field too few fails, and the failure tells the story that led to it. A command that made something happen is
 * given once more on the state it made, where it must make nothing happen.
 */
import {
  decide,
  fold,
  type Rejection,
  type SenderCommand,
  type SenderDecision,
  type SenderEvent,
  type SenderState,
  type Unchanged
} from "@countersign/core"
import { expect } from "vitest"

/** A sender with a past. */
export interface GivenSender {
  /** All that happened, what the commands of the story made happen included. */
  readonly events: ReadonlyArray<SenderEvent>
  readonly state: SenderState
  readonly when: (command: SenderCommand) => DecidedSender
}

/** A command was given. Each end compares what it led to, and answers the sender afterwards, to go on with. */
export interface DecidedSender {
  readonly happened: (...events: ReadonlyArray<SenderEvent>) => GivenSender
  /** Nothing happened, and nothing was wrong. */
  readonly unchanged: (because: Unchanged) => GivenSender
  readonly rejected: (rejection: Rejection) => GivenSender
}

/** Begins a story: what has happened to the sender. */
export const given = (...events: ReadonlyArray<SenderEvent>): GivenSender => {
  const state = fold(events)
  return {
    events,
    state,
    when: (command) => {
      const story = `given ${events.map(({ _tag }) => _tag).join(", ") || "nothing"}\nwhen ${command._tag}`
      const decision = decide(state, command)
      const ends = (wanted: SenderDecision): GivenSender => {
        expect(decision, story).toStrictEqual(wanted)
        if (decision._tag !== "Happened") return given(...events)
        const after = given(...events, ...decision.events)
        expect(decide(after.state, command)._tag, `${story}\nwhen ${command._tag} again`).not.toBe("Happened")
        return after
      }
      return {
        happened: (first, ...rest) => {
          if (first === undefined) throw new Error(`${story}\nthen nothing: say unchanged, and why`)
          return ends({ _tag: "Happened", events: [first, ...rest] })
        },
        unchanged: (because) => ends({ _tag: "Unchanged", because }),
        rejected: (rejection) => ends({ _tag: "Rejected", rejection })
      }
    }
  }
}
