"""How much each workload is. Needs nothing but Python, so that peers in another environment read it too."""

KILOBYTE = "x" * 1000
STEPS_A_RUN = 6
RUNS = 200
RUNS_ALONE = 20
RUNS_DECIDED = 20
RUNS_IN_BURST = 100
IDLE_SECONDS = 20.0
