import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

/** Ends what this process leaves behind, however it dies: also by SIGKILL, where no handler of ours would run. */
export interface Reaper {
  watch(pid: number): void
  forget(pid: number): void
  /** A folder to delete once this process is dead. */
  remove(folder: string): void
  close(): void
}

// Reads what to end from its stdin, which closes when this process dies.
const script = `
pids=" " folder=
while read -r word rest; do
  case $word in
    watch) pids="$pids$rest " ;;
    forget) pids="\${pids%% $rest *} \${pids#* $rest }" ;;
    remove) folder=$rest ;;
    close) exit 0 ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
[ -n "$folder" ] && { sleep 1; rm -rf "$folder"; }
`

export function startReaper(): Reaper {
  // Detached: Ctrl-C reaches the whole process group of a terminal, and this one must outlive it.
  const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.on('error', () => {})
  child.unref()
  const say = (line: string): void => void child.stdin.write(`${line}\n`)
  // An open pipe keeps Node alive; this one is to be closed by our end, not to delay it.
  if (child.stdin instanceof Socket) child.stdin.unref()
  return {
    watch: (pid) => say(`watch ${pid}`),
    forget: (pid) => say(`forget ${pid}`),
    remove: (folder) => say(`remove ${folder}`),
    close: () => say('close'),
  }
}
