/**
 * A plain scalar that go-yaml 3 takes for a point in time, as it comes out of JSON (`yaml.v3/resolve.go`
 * parseTimestamp, RFC 3339 by Go's time.MarshalJSON); undefined for any other.
 */
export function timestampOf(text: string): string | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [, year = '', month = '', day = '', clock, spaced, zone = 'Z'] = match
  const [hour = '0', minute = '0', second = '0', fraction = ''] = (clock ?? spaced ?? '').split(/[:.,]/).filter(Boolean)
  if (Number(month) < 1 || Number(month) > 12) return undefined
  if (Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (zone !== 'Z' && (Number(zone.slice(1, 3)) > 24 || Number(zone.slice(4)) > 59)) return undefined
  const [date, time] = [
    [month, day],
    [hour, minute, second],
  ].map((parts) => parts.map((part) => part.padStart(2, '0')))
  const rest = fraction.slice(0, 9).replace(/0+$/, '')
  const at = /^[-+]00:00$/.test(zone) ? 'Z' : zone
  return `${year}-${date?.join('-') ?? ''}T${time?.join(':') ?? ''}${rest && `.${rest}`}${at}`
}

const pattern =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt](\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?)(?=Z|[-+]\d)| +(\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?)$|$)(Z|[-+]\d\d:\d\d)?$/

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}
