import { type Document, isMap, isSeq, parseAllDocuments, visit } from 'yaml'

/**
 * YAML, one document or several, in block style. Scalars stay as they were typed, because how a quantity is typed may
 * be the point.
 */
export function asBlock(text: string): string {
  return [...parseAllDocuments(text)].map(unfold).join('---\n')
}

function unfold(document: Document.Parsed): string {
  visit(document, {
    Collection: (_, node) => {
      if ((isMap(node) || isSeq(node)) && node.items.length > 0) node.flow = false
    },
  })
  return document.toString({ lineWidth: 0, directives: false }).replace(/^---\n/, '')
}
