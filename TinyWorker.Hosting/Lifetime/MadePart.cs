namespace TinyWorker.Hosting;

/// <summary>
/// Something of a container that its host starts and stops: a troupe, or one side of a troupe elsewhere. Thread-safe.
/// </summary>
/// <param name="name">Its name, as in logs.</param>
/// <param name="grace">How long what is aborted may go on.</param>
internal abstract class MadePart(string name, TimeSpan grace)
{
    public string Name { get; } = name;

    public TimeSpan Grace { get; } = grace;

    /// <summary>Whether it has to end before another.</summary>
    public virtual bool EndsBefore(MadePart other) => false;

    /// <summary>The services of the application have started. Once; only where the registration says so.</summary>
    public virtual void Begin()
    {
    }

    public abstract Task WhenReadyAsync(CancellationToken cancellationToken);

    /// <summary>The host begins to stop: the services of the application may still need it.</summary>
    public virtual void BeginToStop()
    {
    }

    /// <summary>Lets its tasks end, and ends it. Once the token fires it aborts instead.</summary>
    public abstract Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Ends what its tasks do. Returns at once.</summary>
    public abstract void Abort();

    /// <summary>As <see cref="StopAsync"/>, and blocks; without the shared pool where it can be.</summary>
    public abstract void Dispose();

    /// <summary>What it is doing, for the log.</summary>
    public abstract PartExplanation Explain();

    /// <summary>Whether it can serve.</summary>
    public abstract PartHealth Health();
}

/// <summary>What a part is doing.</summary>
/// <param name="HasTasks">Whether tasks are left.</param>
/// <param name="Text">In a sentence or a paragraph.</param>
/// <param name="Figures">The same with figures.</param>
internal readonly record struct PartExplanation(bool HasTasks, string Text, string Figures);

/// <summary>Whether a part can serve.</summary>
/// <param name="State">In a word, for the data of the health check.</param>
/// <param name="Problem">What is wrong, and whether that is a failure; null if it can serve.</param>
/// <param name="Broker">What is known of its broker; null if it has none.</param>
internal readonly record struct PartHealth(string State, (bool IsFailure, string Sentence)? Problem, string? Broker = null);

/// <summary>A troupe of a container.</summary>
internal class MadeTroupe : MadePart
{
    private readonly Task _ready;

    /// <param name="troupe">The troupe. It can be disposed without the shared pool.</param>
    /// <param name="grace">Its <see cref="TinyTroupeOptions.CancellationGrace"/>.</param>
    public MadeTroupe(ITroupe troupe, TimeSpan grace)
        : base(troupe.Name, grace)
    {
        Troupe = troupe;
        _ready = troupe.WhenReadyAsync();
        // Whoever waits for the start looks at the failure; this wait must not report it as an exception that nobody has seen.
        _ready.ContinueWith(
            static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    public ITroupe Troupe { get; }

    /// <summary>Whether it has been ready once.</summary>
    public bool HasBeenReady => _ready.IsCompletedSuccessfully;

    public override Task WhenReadyAsync(CancellationToken cancellationToken) => Troupe.WhenReadyAsync(cancellationToken);

    public override Task StopAsync(CancellationToken cancellationToken) => Troupe.StopAsync(cancellationToken);

    public override void Abort() => Troupe.Abort();

    public override void Dispose() => ((IDisposable)Troupe).Dispose();

    public override PartExplanation Explain()
    {
        var explanation = Troupe.Explain();
        return new PartExplanation(
            explanation.Snapshot.Waiting + explanation.Snapshot.Running > 0, explanation.Text, explanation.ToString());
    }

    public override PartHealth Health()
    {
        var condition = Troupe.Snapshot().Condition;
        return new PartHealth(condition.ToString(), TroupesHealthCheck.Problem(Name, condition, HasBeenReady));
    }
}
