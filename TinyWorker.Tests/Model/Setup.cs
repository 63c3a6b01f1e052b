namespace TinyWorker.Tests.Model;

/// <summary>The troupe of one sequence of commands. The clock's unit is an hour.</summary>
internal sealed record Setup(int Workers = 1, int Capacity = 1, int? Timeout = null, int? MaxTasks = null, bool IsAsync = false)
{
    public const int Grace = 4;

    public TimeSpan? TaskTimeout => Timeout is { } hours ? TimeSpan.FromHours(hours) : null;

    public TimeSpan CancellationGrace => TimeSpan.FromHours(Grace);

    public override string ToString() =>
        $"new({Workers}, {Capacity}, {Timeout?.ToString() ?? "null"}, {MaxTasks?.ToString() ?? "null"}, {(IsAsync ? "true" : "false")})";
}
