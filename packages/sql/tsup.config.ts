import { library } from '@rb/tsup';

export default library({
  mysql: 'src/mysql/index.ts',
  postgres: 'src/postgres/index.ts',
  sqlite: 'src/sqlite/index.ts',
});
