export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'blue' | 'green'

/** Colours a piece of text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** How a report for people is to look. */
export interface TextOptions {
  readonly paint: Paint
  /** Shows findings of severity audit and every unresolved rule, instead of counting them. */
  readonly verbose: boolean
}
