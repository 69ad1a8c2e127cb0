import type { Problem } from '../files/problem.ts'
import type { Contents } from '../files/read.ts'

/** What must be said of the input as a whole: charts that are not rendered, and that nothing was read. */
export function notesOf(paths: readonly string[], contents: Contents, problems: readonly Problem[]): Problem[] {
  const notes = contents.charts.map<Problem>(({ path, templates }) => ({
    level: 'warning',
    code: 'D2_HELM_CHART',
    file: path,
    message: `a Helm chart: its templates (${templates}) are not YAML and were not read; helm template ${path} | day2 check -`,
  }))
  if (contents.manifests.length === 0 && !problems.some(({ level }) => level === 'error')) {
    notes.push({
      level: 'error',
      code: 'D2_NO_OBJECTS',
      file: paths.join(', '),
      message: 'no Kubernetes object found: name files or folders that hold YAML or JSON with apiVersion and kind',
    })
  }
  return notes
}
