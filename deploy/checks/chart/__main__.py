"""Checks the Helm chart as rendered for each environment; deploy/check calls it with helm and promtool in PATH.

  python deploy/checks/chart [NAME…]   some checks alone, such as ingress or jobs.RetryJob
"""

import sys
import unittest

ALL = ["alerts", "ingress", "jobs", "pods", "refusals", "restore", "settings"]

if __name__ == "__main__":
    chosen = sys.argv[1:] or ALL
    unittest.main(module=None, argv=[sys.argv[0], *chosen], verbosity=1)
