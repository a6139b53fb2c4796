"""``ansim budget``: the threshold that a team of counsellors can afford, and what is missed."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansim.training.alert_budget import Demand, Plan, Sample


def register(subparsers: Any) -> None:
    """Adds ``budget`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "budget",
        help="상담 인력에 맞는 경보 임계값 / the threshold a team of counsellors can afford",
        description=(
            "Finds the lowest threshold whose alerts the counsellors can look at, from saved "
            "scores of conversations that the models had never seen."
        ),
    )
    parser.add_argument("--counsellors", type=_whole, required=True, metavar="N")
    parser.add_argument(
        "--per-shift", type=_whole, required=True, metavar="N", help="alerts each can look at a day"
    )
    parser.add_argument("--messages-per-day", type=_whole, required=True, metavar="N")
    parser.add_argument(
        "--messages-per-conversation", type=_whole, metavar="N", help="default: as in the scores"
    )
    parser.add_argument(
        "--prevalence",
        type=_share,
        default=0.01,
        help="share of conversations assumed to be grooming (default 0.01)",
    )
    parser.add_argument(
        "--ordinary",
        type=Path,
        metavar="FILE",
        help="answer of `ansim score` on ordinary conversations of your own; else those of the "
        "corpus, half of which look like grooming",
    )
    parser.add_argument("--scores", type=Path, help="saved scores; by default the package's own")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def _whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: has to be 1 or more")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text}: has to lie between 0 and 1")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Prints the plan. 0 on success, 2 when a file cannot be used."""
    from ansim.training import scores
    from ansim.training.alert_budget import Demand, Sample, affordable, ordinary, plan

    try:
        _, rows = scores.read(arguments.scores or scores.default_path())
        sample = Sample.of(rows)
        if arguments.ordinary:
            benign, turns = ordinary(arguments.ordinary)
            sample = replace(sample, benign=benign, turns=turns)
    except (OSError, ValueError, scores.ScoresError) as error:
        print(f"ansim budget: {error}", file=sys.stderr)
        return 2
    demand = Demand(
        counsellors=arguments.counsellors,
        per_shift=arguments.per_shift,
        messages=float(arguments.messages_per_day),
        turns=float(arguments.messages_per_conversation or sample.turns),
        prevalence=arguments.prevalence,
    )
    chosen, usual = affordable(sample, demand), plan(sample, demand, sample.default)
    if arguments.json:
        print(json.dumps(_document(sample, demand, chosen, usual), ensure_ascii=False, indent=1))
    else:
        print(_page(sample, demand, chosen, usual, own=arguments.ordinary is not None))
    return 0


def _document(sample: Sample, demand: Demand, chosen: Plan, usual: Plan) -> dict[str, object]:
    return {
        "demand": {
            **asdict(demand),
            "alerts_per_day": demand.capacity,
            "conversations_per_day": demand.conversations,
        },
        "variant": sample.variant,
        "fits": chosen.alerts <= demand.capacity,
        "plan": {**asdict(chosen), "thin": chosen.thin},
        "at_the_default_threshold": {**asdict(usual), "thin": usual.thin},
    }


def _page(sample: Sample, demand: Demand, chosen: Plan, usual: Plan, *, own: bool) -> str:
    fits = "맞는 임계값 / Threshold that fits"
    if chosen.alerts > demand.capacity:
        fits = "맞는 임계값이 없음, 가장 엄한 것 / No threshold fits, the strictest"
    lines = [
        "경보 예산 / Alert budget",
        f"  상담사 {demand.counsellors}명 × {demand.per_shift}건 = 하루 {demand.capacity:,}건"
        f" / {demand.counsellors} counsellors × {demand.per_shift} = {demand.capacity:,} alerts"
        " a day (한 사람이 하루 한 번 근무 / one shift each a day)",
        f"  하루 메시지 {demand.messages:,.0f}건 ÷ 대화당 {demand.turns:g}건"
        f" = 대화 {demand.conversations:,.0f}개"
        f" / {demand.messages:,.0f} messages ÷ {demand.turns:g} = {demand.conversations:,.0f}"
        " conversations a day",
        "",
        f"{fits}: {chosen.threshold:.4f}  (기본 / default {usual.threshold:.4f})",
        f"  하루 경보 {chosen.alerts:,.0f}건, 많으면 {chosen.alerts_most:,.0f}건"
        f" / {chosen.alerts:,.0f} alerts a day, {chosen.alerts_most:,.0f} at worst,"
        f" where {_percent(demand.prevalence)} are grooming",
        f"  무고한 대화의 경보율 / false alerts: {_percent(chosen.false_rate)}"
        f" (95 %: ≤ {_percent(chosen.false_rate_most)};"
        f" {chosen.false_alerts} / {chosen.sample})",
        f"  제때(+1턴) 찾음 / found on time: {_percent(chosen.on_time)}"
        f"   +2턴까지 / two turns after: {_percent(chosen.recall)}"
        f"   놓침 / missed: {_percent(1 - chosen.recall)}",
        "",
        "  그루밍 비율 / share   정밀도 / precision   하루 경보 / alerts   놓침 / missed a day",
    ]
    for outlook in chosen.outlook:
        over = "  예산 초과 / over budget" if outlook.alerts > demand.capacity else ""
        lines.append(
            f"  {_percent(outlook.prevalence):>10}          {_percent(outlook.precision):>10}"
            f" (≥ {_percent(outlook.precision_least)}) {outlook.alerts:>10,.0f}     "
            f"{outlook.missed:>10,.1f} / {outlook.grooming:,.1f}{over}"
        )
    needed = -(-usual.alerts // demand.per_shift)
    lines += [
        "",
        f"기본 임계값에서는 / At the default threshold: 하루 경보 / alerts a day"
        f" {usual.alerts:,.0f}, 상담사 / counsellors {needed:,.0f},"
        f" 놓침 / missed {_percent(1 - usual.recall)}",
        "",
        "가정 / Assumptions",
        *(f"  - {line}" for line in _assumptions(sample, chosen, own=own)),
    ]
    return "\n".join(lines)


def _assumptions(sample: Sample, chosen: Plan, *, own: bool) -> list[str]:
    lines = [
        "대화 하나에 경보 하나로 셈 / one alert a conversation;"
        f" 모델 / model: {sample.variant}, 처음 보는 작성자 / writers it has never seen",
        "그루밍 대화는 모두 지어낸 것 / all grooming in the sample is synthetic:"
        " 실제로는 다를 수 있음 / recall in service may differ",
    ]
    if own:
        lines.append("경보율은 주신 대화에서 / false alerts measured on the conversations you gave")
    else:
        lines.append(
            "경보율은 말뭉치의 무고한 대화에서, 절반은 그루밍과 비슷하게 쓴 것이라 실제보다 높음 / "
            "false alerts are those of the corpus, half of it written to look like grooming: "
            "pessimistic for ordinary chat; measure your own with `ansim score` and --ordinary"
        )
    if chosen.thin:
        lines.append(
            f"표본이 작아 이렇게 낮은 경보율은 재지 못함 / {chosen.false_alerts} false alerts among"
            f" {chosen.sample} is too few to know so low a rate: 위 '많으면'을 보십시오 /"
            " plan for the figure at worst"
        )
    return lines


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
