# SPDX-License-Identifier: Apache-2.0
"""The stage on which the demo, the stories and the benchmarks play: certdesk itself and real peers around
it (HAProxy, nginx, knot, an SMTP server, a small CA), all on loopback, all in one folder that goes away."""
