namespace TinyWorker.Dashboard.Serving;

/// <summary>What a dashboard answers in plain text. One sentence or two, for people.</summary>
internal static class Texts
{
    public const string NobodyIsAuthorized =
        "The application does not say who may see its troupes, so nobody may. Its log says what to write.";

    public const string CrossSite = "Another site may not ask for this.";
    public const string TooManyViewers = "As many are watching as may. Try again later.";
    public const string IsStopping = "The application is stopping.";
    public const string NoControl = "You may look, but not change anything: that takes an authorization, and AllowAnonymous is none.";
    public const string WrongToken = "The token is missing or not good any more. Reload the page, and try again.";
    public const string NotJson = "The request must be JSON, with the content type application/json, of 1,000 bytes at the most.";
    public const string NoAction = "The action must be pause, resume, resize, recycle or cancel.";
    public const string NoTroupe = "The request must name a troupe by its id.";
    public const string NoWorkers = "To resize a troupe takes a number of workers.";
    public const string NoWorker = "To recycle a worker takes its index.";
    public const string NoTask = "To cancel a task takes the index of its worker, and its number.";
    public const string TroupeHasGone = "That troupe has ended.";
    public const string CannotBeControlled = "That troupe cannot be controlled.";
    public const string WorkerHasGone = "No worker lives at that place at the moment.";
    public const string TaskHasGone = "That task does not run any more, or was asked to stop before.";
}
