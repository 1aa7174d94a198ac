"""Says which events each Sigma rule matches, by the tree that pySigma makes of the rule.

Reads {"rules": [text], "events": [{field: value}]} and writes a list of numbers of events for each rule.
"""

import ipaddress
import json
import re
import sys

from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR, ConditionValueExpression
from sigma.rule import SigmaRule
from sigma.types import CompareOperators, SigmaBool, SigmaCIDRExpression, SigmaCompareExpression, SigmaExists, SigmaExpansion, SigmaNull, SigmaNumber, SigmaString, SpecialChars

SIGNS = {SpecialChars.WILDCARD_MULTI: ".*", SpecialChars.WILDCARD_SINGLE: "."}
COMPARED = {
    CompareOperators.LT: lambda a, b: a < b,
    CompareOperators.LTE: lambda a, b: a <= b,
    CompareOperators.GT: lambda a, b: a > b,
    CompareOperators.GTE: lambda a, b: a >= b,
}


def pattern(value):
    parts = (re.escape(part) if isinstance(part, str) else SIGNS[part] for part in value.s)
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL | re.ASCII)


def holds(value, found):
    if isinstance(value, SigmaExpansion):
        return any(holds(one, found) for one in value.values)
    if isinstance(value, SigmaExists):
        return (found is not None) == value.exists
    if isinstance(value, SigmaNull):
        return found is None
    if found is None:
        return False
    if isinstance(value, SigmaString):
        return pattern(value).fullmatch(str(found)) is not None
    if isinstance(value, SigmaNumber):
        return str(found) == str(value.number)
    if isinstance(value, SigmaBool):
        return str(found).lower() == str(value.boolean).lower()
    if isinstance(value, SigmaCIDRExpression):
        return ipaddress.ip_address(found) in value.network
    if isinstance(value, SigmaCompareExpression):
        return COMPARED[value.op](float(found), float(value.number.number))
    raise TypeError(type(value).__name__)


def met(tree, event):
    if isinstance(tree, ConditionAND):
        return all(met(part, event) for part in tree.args)
    if isinstance(tree, ConditionOR):
        return any(met(part, event) for part in tree.args)
    if isinstance(tree, ConditionNOT):
        return not met(tree.args[0], event)
    if isinstance(tree, ConditionFieldEqualsValueExpression):
        return holds(tree.value, event.get(tree.field))
    if isinstance(tree, ConditionValueExpression):
        sought = pattern(tree.value)
        return any(sought.search(str(found)) for found in event.values())
    raise TypeError(type(tree).__name__)


given = json.load(sys.stdin)
answer = []
for text in given["rules"]:
    trees = [condition.parsed for condition in SigmaRule.from_yaml(text).detection.parsed_condition]
    answer.append([number for number, event in enumerate(given["events"]) if any(met(tree, event) for tree in trees)])
json.dump(answer, sys.stdout)
