import com.fasterxml.jackson.databind.*;
import java.io.*;
import java.nio.file.*;
import java.util.*;
import org.apache.hadoop.hive.metastore.api.*;
import org.apache.hadoop.hive.metastore.messaging.*;

/** Reads lines of type, tab, message with Hive's own deserializer and prints what it finds in each. */
public class ReadMessages {
  public static void main(String[] arguments) throws Exception {
    MessageDeserializer reader = MessageFactory.getInstance("json-0.2").getDeserializer();
    for (String line : Files.readAllLines(Paths.get(arguments[0]))) {
      String[] parts = line.split("\t", 2);
      System.out.println(parts[0] + " " + found(reader, parts[0], parts[1]));
    }
  }

  static String found(MessageDeserializer reader, String type, String text) throws Exception {
    switch (type) {
      case "CREATE_DATABASE": return reader.getCreateDatabaseMessage(text).getDatabaseObject().getName();
      case "ALTER_DATABASE": {
        AlterDatabaseMessage m = reader.getAlterDatabaseMessage(text);
        return m.getDbObjBefore().getDescription() + ">" + m.getDbObjAfter().getDescription();
      }
      case "DROP_DATABASE": return reader.getDropDatabaseMessage(text).getDB();
      case "CREATE_TABLE": {
        CreateTableMessage m = reader.getCreateTableMessage(text);
        int files = 0;
        for (String one : m.getFiles()) files++;
        return m.getTableObj().getTableName() + " " + m.getTableObj().getSd().getColsSize() + " " + m.getTableType() + " " + files;
      }
      case "ALTER_TABLE": {
        AlterTableMessage m = reader.getAlterTableMessage(text);
        return m.getTableObjBefore().getTableName() + ">" + m.getTableObjAfter().getTableName() + " " + m.getIsTruncateOp() + " " + m.getWriteId();
      }
      case "DROP_TABLE": return reader.getDropTableMessage(text).getTable();
      case "ADD_PARTITION": {
        AddPartitionMessage m = reader.getAddPartitionMessage(text);
        int files = 0;
        for (PartitionFiles one : m.getPartitionFilesIter()) files++;
        List<Object> values = new ArrayList<>();
        for (Partition one : m.getPartitionObjs()) values.add(one.getValues());
        return m.getPartitions() + " " + values + " " + files + " " + m.getTableObj().getTableName();
      }
      case "ALTER_PARTITION": {
        AlterPartitionMessage m = reader.getAlterPartitionMessage(text);
        return m.getKeyValues() + " " + m.getPtnObjBefore().getParameters().get("x") + ">" + m.getPtnObjAfter().getParameters().get("x");
      }
      case "DROP_PARTITION": return "" + reader.getDropPartitionMessage(text).getPartitions();
      case "INSERT": {
        InsertMessage m = reader.getInsertMessage(text);
        return m.getFiles() + " " + m.isReplace() + " " + (m.getPtnObj() == null ? null : m.getPtnObj().getValues());
      }
      case "RELOAD": {
        ReloadMessage m = new ObjectMapper().readValue(text, org.apache.hadoop.hive.metastore.messaging.json.JSONReloadMessage.class);
        return m.getTableObj().getTableName() + " " + m.getPtnObj().getValues() + " " + m.isRefreshEvent();
      }
      case "CREATE_FUNCTION": return reader.getCreateFunctionMessage(text).getFunctionObj().getFunctionName();
      case "DROP_FUNCTION": return reader.getDropFunctionMessage(text).getFunctionName();
      case "ADD_PRIMARYKEY": return "" + reader.getAddPrimaryKeyMessage(text).getPrimaryKeys().get(0).getPk_name();
      case "ADD_FOREIGNKEY": return "" + reader.getAddForeignKeyMessage(text).getForeignKeys().get(0).getFk_name();
      case "ADD_UNIQUECONSTRAINT": return "" + reader.getAddUniqueConstraintMessage(text).getUniqueConstraints().get(0).getUk_name();
      case "ADD_NOTNULLCONSTRAINT": return "" + reader.getAddNotNullConstraintMessage(text).getNotNullConstraints().get(0).getNn_name();
      case "ADD_DEFAULTCONSTRAINT": return "" + reader.getAddDefaultConstraintMessage(text).getDefaultConstraints().get(0).getDc_name();
      case "ADD_CHECKCONSTRAINT": return "" + reader.getAddCheckConstraintMessage(text).getCheckConstraints().get(0).getDc_name();
      case "DROP_CONSTRAINT": return reader.getDropConstraintMessage(text).getConstraint();
      case "OPEN_TXN": return "" + reader.getOpenTxnMessage(text).getTxnIds();
      case "COMMIT_TXN": {
        CommitTxnMessage m = reader.getCommitTxnMessage(text);
        return m.getTxnId() + " " + m.getWriteIds();
      }
      case "ABORT_TXN": {
        AbortTxnMessage m = reader.getAbortTxnMessage(text);
        return m.getTxnId() + " " + m.getDbsUpdated();
      }
      case "ALLOC_WRITE_ID_EVENT": {
        AllocWriteIdMessage m = reader.getAllocWriteIdMessage(text);
        List<Object> pairs = new ArrayList<>();
        for (TxnToWriteId one : m.getTxnToWriteIdList()) pairs.add(one.getTxnId() + ":" + one.getWriteId());
        return m.getDB() + "." + m.getTableName() + " " + pairs;
      }
      default: return text;
    }
  }
}
