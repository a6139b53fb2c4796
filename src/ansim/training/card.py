"""The model card: what the weights were made from, how, how well they do, and where they fail."""

from __future__ import annotations

from dataclasses import dataclass

from ansim.detection.weights import CONTEXT_FILE, GATE_FILE, RISK_FILE, VOCABULARY_FILE, RiskFile


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything in the card that a training run has to fill in."""

    data: str
    """SHA-256 of the corpus."""
    conversations: int
    grooming: int
    turns: int
    plain: int
    """Plain lines that the gate learnt as harmless; none of them is part of the project."""
    features: int
    seed: int
    auc: float
    """Of risks given by models that had not seen the conversation's world."""
    recall: float
    false_alerts: float
    gate_hash: str
    risk_hash: str


def card(facts: Facts, risk: RiskFile) -> str:
    """The card as Markdown."""
    context = (
        f"| `{CONTEXT_FILE}`, `{VOCABULARY_FILE}` | SHA-256 of both together `{risk.context}` |\n"
        if risk.context
        else ""
    )
    return f"""# Model card: gate, context model and risk of Ansim Eye

Written by `ansim train`; do not edit by hand.

| | |
|---|---|
| made by | `ansim train` (seed {facts.seed}; same data, same bytes on the same platform) |
| data | `conversations`, `phrases`, `lessons` (`data/*.jsonl`), SHA-256 `{facts.data}` |
| plain lines the gate learnt | {facts.plain:,} |
| judged on | {facts.conversations} conversations, {facts.grooming} grooming; {facts.turns} turns |
| `{GATE_FILE}` | SHA-256 `{facts.gate_hash}`, {facts.features} features |
{context}| `spacing.npz` (where spaces stand; with the code) | SHA-256 `{risk.spacing}` |
| `{RISK_FILE}` | SHA-256 `{facts.risk_hash}` |
| alert threshold | risk {risk.threshold:.3f} |
| watch threshold | risk {risk.watch:.3f} |
| calibrated for | {100 * risk.prevalence:.0f} % of conversations being grooming |

## Meant for

Finding, among chats that may lawfully be read, those a trained counsellor should look at. It
decides nothing: no message, report or block follows from a score without a person's act.

## How well

Risks of models that had not seen the writer's world, over all six worlds: AUC {facts.auc:.3f}; at
the alert threshold recall {facts.recall:.2f} two turns after the moment a careful counsellor would
want the alert, with {100 * facts.false_alerts:.1f} % of the benign conversations alerting. This
threshold was chosen on these very risks; docs/evaluation.md has figures with thresholds from other
worlds only, per world and per tactic, with intervals and beside a plain baseline.

## The context model

A transformer of 6.2 million parameters, taught by `ansim train all --text DIR` as
docs/context-model.md says. Before it saw a conversation it was pre-trained on public Korean lines
(from the same files come the plain lines that the gate learns as harmless):
film reviews (nsmc, CC0), comments (KcBERT's corpus and KODOLI, CC BY-SA 4.0; KOTE, MIT), spoken
intents and commands (3i4K and StyleKQC, CC BY-SA 4.0), short questions and answers (Chatbot_data,
MIT); hashes in docs/data.md. None of those lines is part of this project. The weights are offered
under the licence of the project, Apache-2.0; whoever holds that weights learnt from CC BY-SA text
are an adaptation of it may take them under CC BY-SA 4.0 instead.

## Limits

- All grooming in the data is synthetic, at the level of a prevention leaflet, written for this
  project by twenty-five writers. Nothing is known yet about real traffic; thresholds have to be set
  from an alert budget in service (`ansim budget`).
- About half of the benign conversations were written to look like grooming.
- T12 (sexualised talk) stands in the data as a placeholder only, which is deleted before reading;
  the models know nothing of it. An operator may bring a list of words by path
  (`ANSIM_SEXUAL_TALK_WORDS`); without one, such talk goes unseen as such.
- Risk is calibrated for the prevalence above. Where grooming is rarer, the same risk means less.
- Beliefs about age come from the way of writing and are weak; they are never shown as facts.
- Korean only. Turns in another language are marked "not assessed", which is not "safe".
"""
