declare module 'autocannon' {
  interface Options {
    readonly url: string
    readonly method: string
    readonly connections: number
    /** Seconds. */
    readonly duration: number
    readonly headers: { readonly [name: string]: string }
    readonly body: Buffer
    readonly tlsOptions: { readonly ca: string }
  }
  interface Result {
    readonly non2xx: number
    readonly errors: number
    /** Seconds. */
    readonly duration: number
    readonly requests: { readonly total: number }
  }
  export default function autocannon(options: Options): Promise<Result>
}
