"""The model card: what the weights were made from, how, how well they do, and where they fail."""

from __future__ import annotations

from dataclasses import dataclass

from ansim.detection.weights import GATE_FILE, RISK_FILE, RiskFile


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything in the card that a training run has to fill in."""

    data: str
    """SHA-256 of the corpus."""
    conversations: int
    grooming: int
    turns: int
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
    return f"""# Model card: gate and risk of Ansim Eye

Written by `ansim train`; do not edit by hand.

| | |
|---|---|
| made by | `ansim train` (seed {facts.seed}; same data, same bytes on the same platform) |
| data | `data/conversations.jsonl` followed by `data/phrases.jsonl`, SHA-256 `{facts.data}` |
| conversations | {facts.conversations}, of them {facts.grooming} grooming; {facts.turns} turns |
| `{GATE_FILE}` | SHA-256 `{facts.gate_hash}`, {facts.features} features |
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

## Limits

- All grooming in the data is synthetic, written by six writers. Nothing is known yet about real
  traffic; thresholds have to be set from an alert budget in service.
- About half of the benign conversations were written to look like grooming.
- T12 (sexualised talk) stands in the data as a placeholder only, which is deleted before reading;
  the model knows nothing of it. T04 and T08 are recognised poorly turn by turn.
- Risk is calibrated for the prevalence above. Where grooming is rarer, the same risk means less.
- Beliefs about age come from the way of writing and are weak; they are never shown as facts.
- Korean only. Other languages pass mostly unread.
"""
