# Runs the steps of .ci/run and prints at the end how long each took. To be sourced.
#
#   step "name" command …   runs the command; a failure is counted, and the steps that follow still run
#   beside "name" command … starts a command that runs beside the steps that follow
#   await "name"            waits for it, and shows what it has printed
#   step_table              prints each step with its seconds
#   steps_run, steps_failed the number of steps
#
# `results` is a folder for temporary files.

steps_run=0
steps_failed=0
step_rows=()

step() {
  local name=$1 started=$SECONDS verdict=passed
  shift
  echo "== $name"
  "$@" || verdict=FAILED
  step_ended "$name" "$verdict" $((SECONDS - started))
}

beside() {
  local name=$1
  shift
  (
    started=$SECONDS
    "$@"
    status=$?
    echo $((SECONDS - started)) >"$results/$name.seconds"
    exit $status
  ) </dev/null >"$results/$name.printed" 2>&1 &
  echo $! >"$results/$name.pid"
}

await() {
  local name=$1 verdict=passed
  wait "$(cat "$results/$name.pid")" || verdict=FAILED
  echo "== $name"
  cat "$results/$name.printed"
  step_ended "$name" "$verdict" "$(cat "$results/$name.seconds")"
}

step_ended() {
  local name=$1 verdict=$2 took=$3
  echo "== $name: $verdict after $took s"
  steps_run=$((steps_run + 1))
  [ "$verdict" = passed ] || steps_failed=$((steps_failed + 1))
  step_rows+=("$(printf '%7d s  %-6s  %s' "$took" "$verdict" "$name")")
}

step_table() {
  echo "== time of each step"
  printf '%s\n' "${step_rows[@]}"
  printf '%7d s  all\n' "$SECONDS"
}
