"""The suite's checks of lifecycles against a vendor of this house, and its vectors; prints what they know of praise."""

from inprocess import suite_against
from vectors import messages as vectors

from opencmr.conformance.vendor import CHECKS

ours = [check for check in CHECKS if check.id.startswith("lifecycles/")]
report = suite_against(checks=ours)
print("broken", sorted(report.broken))
print("checks", *sorted(check.id for check in ours if "praise" in check.id))
for name, file in vectors.files().items():
    print(name, file.count(b"praise.give") > 1, file.count(b"praise.thank") > 1)
