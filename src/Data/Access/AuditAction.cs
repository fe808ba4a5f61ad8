namespace SensorDash.Data.Access;

/// <summary>What the audit log calls the acts: the kind of thing, a dot, what was done to it.</summary>
public static class AuditAction
{
    public const string NodeEdit = "node.edit";
    public const string NodeDelete = "node.delete";
    public const string ZoneAdd = "zone.add";
    public const string ZoneEdit = "zone.edit";
    public const string ZoneDelete = "zone.delete";
    public const string DemoLoad = "demo.load";
    public const string DemoDelete = "demo.delete";
    public const string ReadingsExpire = "readings.expire";
    public const string EventsExpire = "events.expire";
    public const string ClockConfirm = "clock.confirm";
    public const string SidePathRebuild = "side_path.rebuild";
    public const string TransferStart = "transfer.start";
    public const string TransferPause = "transfer.pause";
    public const string TransferResume = "transfer.resume";
    public const string TransferCancel = "transfer.cancel";
    public const string TransferAbandon = "transfer.abandon";
    public const string DualWritePause = "dual_write.pause";
    public const string DualWriteResume = "dual_write.resume";
    public const string BackupCreate = "backup.create";
    public const string BackupVerify = "backup.verify";
    public const string BackupRestore = "backup.restore";
    public const string StoreCutOver = "store.cut_over";
    public const string StoreRollBack = "store.roll_back";
    public const string StoreFinish = "store.finish";
    public const string StoreGoOn = "store.go_on";
    public const string StoreRestore = "store.restore";
    public const string StoreSalvage = "store.salvage";
    public const string SignIn = "sign_in";
    public const string SignOut = "sign_out";
    public const string SetUp = "set_up";
    public const string UserAdd = "user.add";
    public const string UserRole = "user.role";
    public const string UserPassword = "user.password";
    public const string UserRemove = "user.remove";
    public const string KeyAdd = "key.add";
    public const string KeyRevoke = "key.revoke";
    public const string ProgramStart = "program.start";
    public const string SettingsChange = "settings.change";

    /// <summary>All of them, for the filter of the page.</summary>
    public static IReadOnlyList<string> All { get; } = [
        BackupCreate, BackupRestore, BackupVerify, ClockConfirm, DemoDelete, DemoLoad, DualWritePause, DualWriteResume, EventsExpire, KeyAdd, KeyRevoke, NodeDelete, NodeEdit, ProgramStart, ReadingsExpire, SetUp, SettingsChange, SidePathRebuild, SignIn, SignOut, StoreCutOver, StoreFinish, StoreGoOn, StoreRestore, StoreRollBack, StoreSalvage,
        TransferAbandon, TransferCancel, TransferPause, TransferResume, TransferStart,
        UserAdd, UserPassword, UserRemove, UserRole, ZoneAdd, ZoneDelete, ZoneEdit];
}
