import java.sql.*;

/** What DBeaver, Metabase and Power BI do through JDBC: metadata, prepared statements, fetching in parts. URL USER PASSWORD FROM TO BY. */
public class PgJdbc {
    public static void main(String[] args) throws Exception {
        try (Connection connection = DriverManager.getConnection(args[0], args[1], args[2])) {
            DatabaseMetaData meta = connection.getMetaData();
            System.out.println(meta.getDatabaseProductName() + " " + meta.getDatabaseProductVersion() + ", " + meta.getDriverName());
            System.out.println("schemas: " + count(meta.getSchemas()) + ", catalogs: " + count(meta.getCatalogs()));
            System.out.println("tables: " + count(meta.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"}))
                + ", metrics: " + count(meta.getTables(null, "metric", "%", new String[] {"VIEW"})));
            System.out.println("columns of deals: " + count(meta.getColumns(null, "public", "deals", "%")));
            System.out.println("keys and indexes: " + (count(meta.getPrimaryKeys(null, "public", "deals"))
                + count(meta.getImportedKeys(null, "public", "deals")) + count(meta.getExportedKeys(null, "public", "deals"))
                + count(meta.getCrossReference(null, "public", "deals", null, "public", "events"))
                + count(meta.getIndexInfo(null, "public", "deals", false, true))
                + count(meta.getBestRowIdentifier(null, "public", "deals", DatabaseMetaData.bestRowSession, true))));
            System.out.println("types: " + count(meta.getTypeInfo()) + ", kinds of tables: " + count(meta.getTableTypes()));
            System.out.println("functions: " + count(meta.getFunctions(null, "metric", "%"))
                + ", parameters of one: " + count(meta.getFunctionColumns(null, "metric", "lead_quality", "%"))
                + ", procedures: " + count(meta.getProcedures(null, "metric", "%")));
            count(meta.getProcedureColumns(null, "metric", "%", "%"));
            count(meta.getVersionColumns(null, "public", "deals"));
            count(meta.getTablePrivileges(null, "public", "%"));
            count(meta.getColumnPrivileges(null, "public", "deals", "%"));
            count(meta.getUDTs(null, null, "%", null));
            System.out.println("columns of all there is: " + count(meta.getColumns(null, "%", "%", "%")));
            System.out.println("longest name: " + meta.getMaxColumnNameLength() + ", keywords: " + meta.getSQLKeywords().split(",").length);
            try (ResultSet tables = meta.getTables(null, "public", "deals", null)) {
                tables.next();
                System.out.println("remarks: " + tables.getString("REMARKS"));
            }
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            Savepoint savepoint = connection.setSavepoint();
            connection.rollback(savepoint);
            System.out.println("valid: " + connection.isValid(3) + ", schema: " + connection.getSchema() + ", catalog: " + connection.getCatalog());
            try (Statement statement = connection.createStatement()) {
                ResultSetMetaData columns = statement.executeQuery("SELECT deal_id, amount, created_at FROM deals").getMetaData();
                for (int at = 1; at <= columns.getColumnCount(); at++) {
                    columns.isNullable(at);
                    columns.isAutoIncrement(at);
                    System.out.println(columns.getColumnName(at) + ": " + columns.getColumnTypeName(at));
                }
            }
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(100);
                System.out.println("deals, in parts of 100: " + count(statement.executeQuery("SELECT * FROM deals")));
            }
            connection.commit();
            String text = "SELECT * FROM metric.lead_quality(?, ?, '" + args[5] + "')";
            System.out.println();
            for (int time = 0; time < 7; time++) { // from the fifth time on the driver prepares on the server, and asks for binary
                try (PreparedStatement prepared = connection.prepareStatement(text)) {
                    prepared.setDate(1, Date.valueOf(args[3]));
                    prepared.setDate(2, Date.valueOf(args[4]));
                    ResultSet rows = prepared.executeQuery();
                    if (time == 6) print(rows); else count(rows);
                }
            }
        }
    }

    static int count(ResultSet rows) throws SQLException {
        int count = 0;
        while (rows.next()) count++;
        rows.close();
        return count;
    }

    static void print(ResultSet rows) throws SQLException {
        int columns = rows.getMetaData().getColumnCount();
        StringBuilder out = new StringBuilder();
        for (int at = 1; at <= columns; at++) out.append(at > 1 ? "," : "").append(rows.getMetaData().getColumnName(at));
        while (rows.next()) {
            out.append("\n");
            for (int at = 1; at <= columns; at++) {
                String cell = rows.getString(at);
                cell = cell == null ? "" : cell.matches("(?s).*[\",\n].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell;
                out.append(at > 1 ? "," : "").append(cell);
            }
        }
        System.out.println(out);
    }
}
