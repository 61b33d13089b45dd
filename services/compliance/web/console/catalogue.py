"""The pages of rules and of policies with their clauses."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from services.compliance.answers.catalogue import PolicyShown, RuleShown
from services.compliance.web.console.languages import language_of, translate
from services.compliance.web.console.renderer import Renderer
from shared.adapters.identity.roles import IDENTIFIED


def add_catalogue(
    router: APIRouter,
    renderer: Renderer,
    rules: Mapping[str, RuleShown],
    policies: Mapping[str, PolicyShown],
) -> None:
    """Add the routes; rules and policies are by their names."""

    @router.get("/rules", dependencies=[IDENTIFIED])
    async def list_rules(request: Request) -> Response:
        return await renderer.page(
            request,
            "rules.html",
            here="/rules",
            data="/v1/rules",
            rules=rules.values(),
            policies=policies.values(),
        )

    @router.get("/rules/{rule}", dependencies=[IDENTIFIED])
    async def show_one_rule(request: Request, rule: str) -> Response:
        language = language_of(request)
        if rule not in rules:
            detail = translate("没有此规则：", language) + rule
            return await renderer.problem(request, 404, detail)
        titles = {
            name: policy.title_zh if language == "zh" else policy.title_en
            for name, policy in policies.items()
        }
        data = f"/v1/rules/{rule}"
        return await renderer.page(
            request, "rule.html", here="/rules", data=data, rule=rules[rule], policy_titles=titles
        )

    @router.get("/policies/{policy}", dependencies=[IDENTIFIED])
    async def show_one_policy(request: Request, policy: str) -> Response:
        if policy not in policies:
            detail = translate("没有此政策：", language_of(request)) + policy
            return await renderer.problem(request, 404, detail)
        data = f"/v1/policies/{policy}"
        return await renderer.page(
            request, "policy.html", here="/rules", data=data, policy=policies[policy]
        )
