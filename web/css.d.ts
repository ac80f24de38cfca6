// A style sheet imported by the build as minified text.
declare module "*.css" {
  const text: string;
  export default text;
}
