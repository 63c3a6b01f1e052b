namespace TinyWorker.Processes.Data;

/// <summary>For the annotations of code that a trimmed program may lack.</summary>
internal static class DataReflection
{
    /// <summary>Why this needs a runtime that has all types and a compiler.</summary>
    public const string Reason = "What goes to a worker process is looked at by reflection: functions, their captured variables, and data.";
}
