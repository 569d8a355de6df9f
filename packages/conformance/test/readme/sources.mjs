// Lets Node run this package's sources as they are: they import each other by the names that the build gives them.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const isSource = specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts');
    return next(isSource ? `${specifier.slice(0, -'.js'.length)}.ts` : specifier, context);
  },
});
