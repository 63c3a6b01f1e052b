namespace TinyWorker.Tests.Schedules;

/// <summary>A line of the core, or a word for what a program does there.</summary>
internal readonly record struct Place(string File, int Line)
{
    public override string ToString() => Line == 0 ? File : $"{Path.GetFileName(File)}:{Line}";
}
